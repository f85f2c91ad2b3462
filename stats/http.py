"""`/agg` over HTTP: the short lane in front of Django.

Django's ASGI handler, its middleware and its hops between threads cost several times what a commit costs itself
(`docs/performance.md`), so `agg` speaks ASGI and calls `ingest`. A scope, a task, a queue and messages for each request
cost Daphne as much again: as we run it, it asks `LANE` (`dattss_site.incoming`).
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from accounts.client_address import address_behind_proxies
from stats import ingest
from stats.answer import MOST_BODY, TOO_LARGE, Answer, encoded
from stats.asked import Asked, Lane

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/agg"
_NOT_ALLOWED = Answer(405, {"ok": False, "error": "Send a commit with PUT or POST."})
_BODY_MISSING = Answer(400, {"ok": False, "error": "The connection ended before the body did.", "at": ""})


def answer_now(asked: Asked) -> Answer | None:
    """The answer to a commit, where nothing has to be waited for, as is usual; None where `answer_later` is asked."""
    refusal = refused(asked.method, len(asked.body))
    return refusal or ingest.accept_now(*_commit(asked))


async def answer_later(asked: Asked) -> Answer:
    """The answer to a commit that `answer_now` has none to."""
    return await ingest.accept(*_commit(asked))


LANE = Lane(answer_now, answer_later)


async def agg(scope: Scope, receive: Receive, send: Send) -> None:
    """The lane as an ASGI application."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    announced = headers.get(b"content-length", b"0")
    method = scope["method"].encode()
    body = refused(method, int(announced[:19]) if announced.isdigit() else 0) or await _body(receive)
    if isinstance(body, Answer):
        return await _reply(send, body)
    asked = Asked(
        method,
        scope["query_string"],
        headers.get(b"authorization", b""),
        headers.get(b"content-encoding", b""),
        [value for name, value in scope["headers"] if name == b"x-forwarded-for"],
        scope["client"][0] if scope.get("client") else None,
        body,
    )
    return await _reply(send, answer_now(asked) or await answer_later(asked))


def refused(method: bytes, size: int) -> Answer | None:
    """The answer to a request that is not looked at any further, by its method and its body's bytes."""
    if method not in (b"PUT", b"POST"):
        return _NOT_ALLOWED
    return TOO_LARGE if size > MOST_BODY else None


def _commit(asked: Asked) -> tuple[str, str, bytes, str | None]:
    """What `ingest` wants to know of a request."""
    key = key_of(asked.query.decode("latin-1"), asked.authorization.decode("latin-1"))
    return key, asked.encoding.decode("latin-1"), asked.body, address_behind_proxies(asked.peer, asked.forwarded)


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
