"""Row `shards`: commits per CPU second of four data servers beside one."""

from benchmarks.report import Bar, Line


def measure(rounds: int = 1) -> list[Line]:  # noqa: ARG001  (the interface of a row)
    """Commits that arrive at their owner, and commits that arrive anywhere, once there is more than one shard."""
    return [
        Line(
            f"commits per CPU second, 4 shards beside 1, {where}",
            "1/s",
            bar=Bar("ratio", least, False),
            note="not built yet",
        )
        for where, least in (("at their owner", 0.95), ("at a random server", 0.5))
    ]
