"""Requests as Daphne takes them: what it lets pass and no application behind it should have to look at, and what is
answered without one.

Daphne expects a proxy in front that limits and tidies requests; this server also stands alone. Twisted itself limits
the request line and all headers together to 16 KiB.
"""

import time
from collections.abc import Awaitable
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

from dattss_site.connection import Connection, answered_now
from stats.answer import MOST_BODY, Answer, encoded
from stats.asked import Asked, Lane

# What is read and thrown away of a body that is too large, so that its sender hears why: then the connection ends.
MOST_DISCARDED = 16 * MOST_BODY


def use_in(factory: HTTPFactory) -> None:
    """Makes the factory's connections, and the requests on them, of the kinds below.

    They are no connections of TLS, in which HTTP/2 may be agreed on.
    """
    factory.protocol = Connection
    build = factory.buildProtocol

    def build_protocol(address: object) -> Any:
        protocol = build(address)
        protocol.requestFactory = _Request
        return protocol

    factory.buildProtocol = build_protocol


class _Request(WebRequest):  # type: ignore[misc]  # Daphne has no types
    """A request of at most `MOST_BODY` + 1 bytes, which tell the application that it is too large."""

    _received = 0

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (Twisted's name)
        room = max(0, MOST_BODY + 1 - self._received)
        self._received += len(data)
        super().handleContentChunk(data[:room])
        if self._received > MOST_DISCARDED:
            self.channel.forceAbortClient()

    def process(self) -> Any:
        lane = self.server.lanes.get(self.path)
        if lane is not None:
            return self._answer_by(lane)
        # Anybody could move all links of the answer below a path of his choice.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        if not self._is_ascii():
            return self.basic_error(400, b"Bad Request", "Invalid characters in the method or the subprotocol")
        return super().process()

    def _is_ascii(self) -> bool:
        """Whether what Daphne decodes as ASCII is that: else it would answer 500."""
        subprotocols: list[bytes] = self.requestHeaders.getRawHeaders(b"sec-websocket-protocol", [])
        return all(text.isascii() for text in (self.method, *subprotocols))

    def _answer_by(self, lane: Lane) -> None:
        self.request_start = time.time()
        asked = self._asked()
        answer = answered_now(lane, asked)
        if answer is not None:
            self._reply(answer)
        else:
            self.server.answered_by(self, self._reply_later(lane.later(asked)))

    def _asked(self) -> Asked:
        return Asked(
            self.method,
            self.uri.partition(b"?")[2],
            self._last_line(b"authorization"),
            self._last_line(b"content-encoding"),
            self.requestHeaders.getRawHeaders(b"x-forwarded-for", []),
            getattr(self.client, "host", None),
            self.content.read(),
        )

    def _last_line(self, name: bytes) -> bytes:
        lines: list[bytes] = self.requestHeaders.getRawHeaders(name, [b""])
        return lines[-1]

    async def _reply_later(self, answer: Awaitable[Answer]) -> None:
        self._reply(await answer)

    def _reply(self, answer: Answer) -> None:
        if self.finished or self.channel is None:  # who asked has gone
            return
        headers, body = encoded(answer)
        self.setResponseCode(answer.status)
        for name, value in headers:
            self.responseHeaders.addRawHeader(name, value)
        self.responseHeaders.addRawHeader(b"Server", self.server.server_name.encode())
        self.write(body)
        self.finish()
        self.server.forget(self)
