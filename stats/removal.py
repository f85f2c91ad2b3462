"""A process that somebody removes, as a record of the journal: `-remove NAME`.

No commit reads like it: the body of a commit is a JSON object.
"""

_SIGN = b"-remove "


def written(process: str) -> bytes:
    """The body of the record."""
    return _SIGN + process.encode()


def read(body: bytes) -> str | None:
    """The process that the record removes; None for the body of a commit."""
    return body[len(_SIGN) :].decode() if body.startswith(_SIGN) else None
