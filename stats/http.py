"""`/agg` over HTTP: the short lane in front of Django.

Django's ASGI handler, its middleware and its hops between threads cost several times what a commit costs itself
(`docs/performance.md`), so this lane speaks ASGI and calls `ingest.accept`.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec

from accounts.client_address import address_in_scope
from stats import ingest
from stats.answer import MOST_BODY, TOO_LARGE, Answer

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/agg"
_NOT_ALLOWED = Answer(405, {"ok": False, "error": "Send a commit with PUT or POST."})
_BODY_MISSING = Answer(400, {"ok": False, "error": "The connection ended before the body did.", "at": ""})


async def agg(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application behind `PATH`."""
    if scope["method"] not in ("PUT", "POST"):
        return await _reply(send, _NOT_ALLOWED)
    headers: dict[bytes, bytes] = dict(scope["headers"])
    body = await _body(receive, headers)
    if isinstance(body, Answer):
        return await _reply(send, body)
    key = key_of(scope["query_string"].decode("latin-1"), headers.get(b"authorization", b"").decode("latin-1"))
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    answer = await ingest.accept(key, encoding, body, address_in_scope(scope))
    return await _reply(send, answer)


def key_of(query: str, authorization: str) -> str:
    """The key from `?auth=KEY` or `Authorization: Bearer KEY`; empty where there is neither."""
    if query:
        given = parse_qs(query, max_num_fields=20).get("auth") if query.count("&") < 20 else None
        if given:
            return given[0]
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def _body(receive: Receive, headers: dict[bytes, bytes]) -> bytes | Answer:
    """The whole body, or the answer for one that is too large or breaks off; never keeps more than is allowed."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:19]) > MOST_BODY:
        return TOO_LARGE
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
    start, body = _messages(answer)
    await send(start)
    await send(body)


@lru_cache(64)
def _messages(answer: Answer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer as ASGI has it; nearly all commits get the very same one."""
    body = msgspec.json.encode(answer.body)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    start = {"type": "http.response.start", "status": answer.status, "headers": lines}
    return start, {"type": "http.response.body", "body": body}
