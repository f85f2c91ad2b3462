"""Requests as Daphne takes them: what it lets pass and no application behind it should have to look at, and what is
answered without one.

Daphne expects a proxy in front that limits and tidies requests; this server also stands alone. Twisted itself limits
the request line and all headers together to 16 KiB.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.web.http import Request

from stats.answer import MOST_BODY, Answer, encoded

log = logging.getLogger("dattss.server")

Directly = Callable[[Request], Answer | Awaitable[Answer]]  # answers a request without ASGI in between

# What is read and thrown away of a body that is too large, so that its sender hears why: then the connection ends.
MOST_DISCARDED = 16 * MOST_BODY


def use_in(factory: HTTPFactory) -> None:
    """Makes the factory's connections take requests of the kind below."""
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
        answering = self.server.directly.get(self.path)
        if answering is not None:
            return self._answer_directly(answering)
        # Anybody could move all links of the answer below a path of his choice.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        if not self._is_ascii():
            return self.basic_error(400, b"Bad Request", "Invalid characters in the method or the subprotocol")
        return super().process()

    def _is_ascii(self) -> bool:
        """Whether what Daphne decodes as ASCII is that: else it would answer 500."""
        subprotocols: list[bytes] = self.requestHeaders.getRawHeaders(b"sec-websocket-protocol", [])
        return all(text.isascii() for text in (self.method, *subprotocols))

    def _answer_directly(self, answering: Directly) -> None:
        self.request_start = time.time()
        try:
            answer = answering(self)
        except Exception:
            log.exception("A request to %s was not answered.", self.path.decode())
            self.basic_error(500, b"Internal Server Error", "The server has failed. Please try again.")
            return
        if isinstance(answer, Answer):
            self._reply(answer)
        else:
            self.server.answered_by(self, self._reply_later(answer))

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
