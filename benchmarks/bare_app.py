"""The least that an ASGI application can do with a commit: read the body and answer."""

from typing import Any

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"Content-Type", b"application/json"), (b"Content-Length", b"11")],
}
_BODY = {"type": "http.response.body", "body": b'{"ok":true}'}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    b"".join(chunks)
    await send(_START)
    await send(_BODY)
