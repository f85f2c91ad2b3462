"""`/agg` where Daphne serves: the lane of `stats.http` without ASGI in between.

A scope, a task, a queue and messages for each request cost Daphne as much as a commit costs us (`docs/performance.md`).
"""

from collections.abc import Awaitable

from twisted.web.http import Request

from accounts.client_address import address_behind_proxies
from stats import ingest
from stats.answer import Answer
from stats.http import key_of, refused


def agg(request: Request) -> Answer | Awaitable[Answer]:
    """The answer to a request that is here as a whole; something to wait for where the answer takes time."""
    body: bytes = request.content.read() if request.content is not None else b""
    not_looked_at = refused(request.method, len(body))
    if not_looked_at is not None:
        return not_looked_at
    key = key_of(request.uri.partition(b"?")[2].decode("latin-1"), _header(request, b"authorization"))
    encoding = _header(request, b"content-encoding")
    address = address_behind_proxies(
        getattr(request.client, "host", None), request.requestHeaders.getRawHeaders(b"x-forwarded-for", [])
    )
    return ingest.accept_now(key, encoding, body, address) or ingest.accept(key, encoding, body, address)


def _header(request: Request, name: bytes) -> str:
    lines = request.requestHeaders.getRawHeaders(name)
    return lines[-1].decode("latin-1") if lines else ""
