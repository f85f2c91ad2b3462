"""Keeps NULs out of both Django and Channels."""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_REFUSAL = b'{"error":"A NUL has no place in an address or a cookie."}'


def without_nul(application: Application) -> Application:
    """The application, asked only what has no NUL in its path, query or cookies.

    Nothing here has one in its name, and PostgreSQL fails on it. Fields of forms look at this themselves.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if not _has_nul(scope):
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await _bad_request(send)

    return answer


def _has_nul(scope: Scope) -> bool:
    cookies = (value for name, value in scope["headers"] if name == b"cookie")
    # Cookies in quotes carry octal escapes, which Django resolves.
    return "\0" in scope["path"] or b"%00" in scope["query_string"] or any(rb"\000" in value for value in cookies)


async def _bad_request(send: Send) -> None:
    headers = [(b"Content-Type", b"application/json"), (b"X-Content-Type-Options", b"nosniff")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
