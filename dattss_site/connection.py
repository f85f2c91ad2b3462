"""Connections on which plain requests to lanes are answered before Twisted and Daphne make anything of them."""

import logging
from functools import lru_cache
from typing import Any

from twisted.web.http import RESPONSES, HTTPChannel

from dattss_site.plain_request import Plain, read
from stats.answer import Answer, encoded, refusal
from stats.asked import Asked, Lane

log = logging.getLogger("dattss.server")

MOST_HELD = 1 << 16  # bytes of a plain request that is waited for as a whole; larger ones are Twisted's
_FAILED = refusal(500, "The server has failed. Please try again.")
_Channel: Any = HTTPChannel


class Connection(_Channel):  # type: ignore[misc]  # Twisted has types of half of it
    """A connection on which a plain request to a lane is answered before Twisted and Daphne make anything of it."""

    _held = b""  # a plain request whose body is still to come
    _peer: str | None = None

    def connectionMade(self) -> None:  # noqa: N802  (Twisted's name)
        super().connectionMade()
        self._peer = getattr(self.transport.getPeer(), "host", None)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  (Twisted's name)
        # While Twisted has a request, all that comes is for it.
        left = data if self.requests else self._answer_plain_ones(data)
        if left:
            super().dataReceived(left)
        else:
            self.resetTimeout()

    def _answer_plain_ones(self, data: bytes) -> bytes:
        """Answers the requests that the data begins with, as far as can be done at once; returns what is left."""
        data = self.clearLineBuffer() + self._held + data
        self._held = b""
        while (plain := read(data)) is not None and plain.path in self.factory.server.lanes:
            if plain.end <= len(data):
                answer = self._answer(plain, data[plain.begin : plain.end])
                if answer is None:
                    return data
                self._send(_written(answer, self.factory.server.server_name))
                data = data[plain.end :]
                self._HTTPChannel__first_line = 1  # as after any request: a blank line may stand before the next one
            elif plain.end <= MOST_HELD:
                self._held = data
                return b""
            else:
                return data
        return data

    def _answer(self, plain: Plain, body: bytes) -> Answer | None:
        header = plain.headers.get
        forwarded = header(b"x-forwarded-for")
        asked = Asked(
            plain.method,
            plain.query,
            header(b"authorization", b""),
            header(b"content-encoding", b""),
            [] if forwarded is None else [forwarded],
            self._peer,
            body,
        )
        return answered_now(self.factory.server.lanes[plain.path], asked)

    def _send(self, reply: bytes) -> None:
        """Twisted would wait for the event loop to say that the socket takes bytes, which it nearly always does."""
        transport = self.transport
        if not transport.dataBuffer and not transport._tempDataLen:  # nothing waits to be sent
            sent = transport.writeSomeData(reply)
            reply = reply[sent:] if isinstance(sent, int) else reply
        transport.write(reply)


def answered_now(lane: Lane, asked: Asked) -> Answer | None:
    """What the lane says now; that the server has failed, where it does."""
    try:
        return lane.now(asked)
    except Exception:
        log.exception("A request to a lane was not answered.")
        return _FAILED


@lru_cache(64)
def _written(answer: Answer, server: str) -> bytes:
    """The answer as HTTP/1.1 has it; nearly all commits get the very same one."""
    headers, body = encoded(answer)
    lines = [b"HTTP/1.1 %d %b" % (answer.status, RESPONSES.get(answer.status, b"Unknown Status"))]
    lines += [b"%b: %b" % header for header in (*headers, (b"Server", server.encode()))]
    return b"\r\n".join((*lines, b"", body))
