"""`accept`: the one way in. HTTP, the API view and UDP are thin faces over it."""

import logging
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from accounts.keytable import KeyEntry
from stats import runtime
from stats.aggregation.commit import InvalidCommit, decode

if TYPE_CHECKING:
    from stats.shard import Shard

log = logging.getLogger("dattss.ingest")

MOST_BODY = 1 << 20  # bytes as sent
MOST_UNPACKED = 8 << 20  # bytes after gzip
_GZIP_WINDOW = 31  # zlib's number for "a gzip header, the largest window"


@dataclass(frozen=True, eq=False)
class Answer:
    """What the client is told: HTTP status, JSON body, seconds after which it may try again."""

    status: int
    body: dict[str, Any]
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if self.status == 405:
            headers["Allow"] = "PUT, POST"
        return headers


def _refusal(status: int, error: str, retry_after: int | None = None, **facts: Any) -> Answer:
    return Answer(status, {"ok": False, "error": error, **facts}, retry_after)


TOO_LARGE = _refusal(
    413, "A commit is at most 1 MiB, and 8 MiB unpacked. Send smaller commits, or fewer stats in each."
)
UNAVAILABLE = _refusal(503, "The commit cannot be kept right now. Keep it and send it again.", 1)
NO_KEY = _refusal(401, "The key is missing, unknown or revoked. Make one on the Keys page of your account.")
READ_KEY = _refusal(403, "This is a read key. Commits need an ingest key.")
TOO_FAST = _refusal(429, "The account is over its rate of commits. Keep the commit and send it again.", 1)


async def accept(key: str, encoding: str, body: bytes) -> Answer:
    """Takes a commit as it came: the raw key, the `Content-Encoding`, and the body of at most `MOST_BODY` bytes."""
    shard = runtime.shard
    if shard is None:
        return UNAVAILABLE
    entry = shard.keys.lookup(key) or await shard.lookup_new_key(key)
    started = time.perf_counter()
    answer = _refused(shard, entry) or _taken(shard, cast(KeyEntry, entry), encoding, body)
    if shard.sync_always and answer.status == 200:
        answer = await _durable(shard, answer)
    shard.watch.commit(answer.status, time.perf_counter() - started)
    return answer


async def _durable(shard: "Shard", answer: Answer) -> Answer:
    try:
        await shard.durable()
    except OSError as error:
        log.error("The journal could not be brought to the disk: %s", error)  # noqa: TRY400
        return UNAVAILABLE
    return answer


def _refused(shard: "Shard", entry: KeyEntry | None) -> Answer | None:
    """Why a commit with this key is not even looked at."""
    if not shard.open:
        return UNAVAILABLE
    if entry is None:
        return NO_KEY
    if entry.scope != "ingest":
        return READ_KEY
    return None if shard.rate.take(entry.account_id, time.monotonic()) else TOO_FAST


def _taken(shard: "Shard", entry: KeyEntry, encoding: str, body: bytes) -> Answer:
    try:
        unpacked = unpack(encoding, body)
        if unpacked is None:
            return TOO_LARGE
        taken = shard.take(entry, decode(unpacked), unpacked)
    except InvalidCommit as error:
        return _refusal(400, error.error, at=error.at)
    except OSError as error:
        log.error("A commit could not be kept: %s", error)  # noqa: TRY400  (where is in the error)
        return UNAVAILABLE
    if taken.dup:
        return _DUP
    if taken.dropped:
        return Answer(200, {"ok": True, "dropped": taken.dropped})
    return _OK


_OK = Answer(200, {"ok": True})
_DUP = Answer(200, {"ok": True, "dup": True})


def unpack(encoding: str, body: bytes) -> bytes | None:
    """The body without its gzip; None where it is larger than allowed. Raises InvalidCommit when it cannot be read."""
    if len(body) > MOST_BODY:
        return None
    if not encoding or encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise InvalidCommit(f"Content-Encoding {encoding[:40]!r} is not known here; send gzip or nothing")
    unpacker = zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        # The limit bounds the memory that a small, maliciously packed body can take.
        unpacked = unpacker.decompress(body, MOST_UNPACKED + 1)
    except zlib.error:
        raise InvalidCommit("The body is not valid gzip") from None
    if len(unpacked) > MOST_UNPACKED:
        return None
    if not unpacker.eof:
        raise InvalidCommit("The gzip body ends too early")
    return unpacked
