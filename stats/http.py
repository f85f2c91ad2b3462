"""`/agg` over HTTP: the short lane in front of Django, for any ASGI server.

Django's ASGI handler, its middleware and its hops between threads cost several times what a commit costs itself
(`docs/performance.md`), so this lane speaks ASGI and calls `ingest`. Daphne as we run it takes `stats.daphne_lane`.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from accounts.client_address import address_in_scope
from stats import ingest
from stats.answer import MOST_BODY, TOO_LARGE, Answer, encoded

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/agg"
_NOT_ALLOWED = Answer(405, {"ok": False, "error": "Send a commit with PUT or POST."})
_BODY_MISSING = Answer(400, {"ok": False, "error": "The connection ended before the body did.", "at": ""})


async def agg(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application behind `PATH`."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    announced = headers.get(b"content-length", b"0")
    refusal = refused(scope["method"].encode(), int(announced[:19]) if announced.isdigit() else 0)
    body = refusal or await _body(receive)
    if isinstance(body, Answer):
        return await _reply(send, body)
    key = key_of(scope["query_string"].decode("latin-1"), headers.get(b"authorization", b"").decode("latin-1"))
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    address = address_in_scope(scope)
    answer = ingest.accept_now(key, encoding, body, address) or await ingest.accept(key, encoding, body, address)
    return await _reply(send, answer)


def refused(method: bytes, size: int) -> Answer | None:
    """The answer to a request that is not looked at any further, by its method and its body's bytes."""
    if method not in (b"PUT", b"POST"):
        return _NOT_ALLOWED
    return TOO_LARGE if size > MOST_BODY else None


def key_of(query: str, authorization: str) -> str:
    """The key from `?auth=KEY` or `Authorization: Bearer KEY`; empty where there is neither."""
    if query:
        given = parse_qs(query, max_num_fields=20).get("auth") if query.count("&") < 20 else None
        if given:
            return given[0]
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def _body(receive: Receive) -> bytes | Answer:
    """The whole body, or the answer for one that is too large or breaks off; never keeps more than is allowed."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return _BODY_MISSING
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > MOST_BODY:
            return TOO_LARGE
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _reply(send: Send, answer: Answer) -> None:
    headers, body = encoded(answer)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
