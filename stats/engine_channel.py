"""How the engines are called on the channel layer."""


def engine_channel(shard: int) -> str:
    """The channel on which the engine of a shard listens."""
    return f"engine-{shard}"
