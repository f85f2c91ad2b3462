"""What Daphne lets pass and no application behind it should have to look at.

Daphne expects a proxy in front that limits and tidies requests; this server also stands alone. Twisted itself limits
the request line and all headers together to 16 KiB.
"""

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

from stats.answer import MOST_BODY

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
        # Anybody could move all links of the answer below a path of his choice.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        if not self._is_ascii():
            return self.basic_error(400, b"Bad Request", "Invalid characters in the method or the subprotocol")
        return super().process()

    def _is_ascii(self) -> bool:
        """Whether what Daphne decodes as ASCII is that: else it would answer 500."""
        subprotocols: list[bytes] = self.requestHeaders.getRawHeaders(b"sec-websocket-protocol", [])
        return all(text.isascii() for text in (self.method, *subprotocols))
