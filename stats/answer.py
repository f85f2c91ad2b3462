"""What a client is told about a commit, whichever process and face it came in by."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

MOST_BODY = 1 << 20  # bytes of a commit, as sent


@dataclass(frozen=True, eq=False)
class Answer:
    """What the client is told: HTTP status, JSON body, seconds after which it may try again."""

    status: int
    body: dict[str, Any]
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if self.status == 405:
            headers["Allow"] = "PUT, POST"
        return headers


def refusal(status: int, error: str, retry_after: int | None = None, **facts: Any) -> Answer:
    """The answer to a commit that is not taken."""
    return Answer(status, {"ok": False, "error": error, **facts}, retry_after)


OK = Answer(200, {"ok": True})
DUP = Answer(200, {"ok": True, "dup": True})
TOO_LARGE = refusal(413, "A commit is at most 1 MiB, and 8 MiB unpacked. Send smaller commits, or fewer stats in each.")
UNAVAILABLE = refusal(503, "The commit cannot be kept right now. Keep it and send it again.", 1)
NO_KEY = refusal(401, "The key is missing, unknown or revoked. Make one on the Keys page of your account.")
READ_KEY = refusal(403, "This is a read key. Commits need an ingest key.")
TOO_FAST = refusal(429, "The account is over its rate of commits. Keep the commit and send it again.", 1)


def guessed(seconds: int) -> Answer:
    """The answer to a client that has tried many unknown keys, for as long."""
    return refusal(429, "Too many unknown keys came from this address. Use a key of your account's Keys page.", seconds)


@lru_cache(64)
def encoded(answer: Answer) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The answer's headers and body; nearly all commits get the very same one."""
    body = msgspec.json.encode(answer.body)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
    return [(name.encode(), value.encode()) for name, value in headers.items()], body
