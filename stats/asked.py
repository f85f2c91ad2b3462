"""A request to a short lane, whichever server has read it, and what answers it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from stats.answer import Answer


class Asked(NamedTuple):
    """A request as far as a lane looks at it, in bytes as they came, empty where there are none.

    `authorization` and `encoding` (of the content) are headers, `forwarded` the lines of `X-Forwarded-For`; `peer` is
    the IP address of the other end of the connection, where it has one.
    """

    method: bytes
    query: bytes
    authorization: bytes
    encoding: bytes
    forwarded: Sequence[bytes]
    peer: str | None
    body: bytes


class Lane(NamedTuple):
    """What answers requests to a path without an application: `now`, or None where `later` is to be asked."""

    now: Callable[[Asked], Answer | None]
    later: Callable[[Asked], Awaitable[Answer]]
