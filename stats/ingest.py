"""`accept`, or `accept_now` where nothing has to be waited for: the one way in.

HTTP, the API view and UDP are thin faces over it.
"""

import asyncio
import logging
import time
import zlib
from typing import TYPE_CHECKING

from accounts.guessing import guesses
from accounts.keytable import KeyEntry
from stats import runtime
from stats.aggregation.commit import InvalidCommit, decode
from stats.answer import (
    DUP,
    MOST_BODY,
    NO_KEY,
    OK,
    READ_KEY,
    TOO_FAST,
    TOO_LARGE,
    UNAVAILABLE,
    Answer,
    guessed,
    refusal,
)
from stats.forwarding import Forwarded
from stats.keyring import KeysAwayError

if TYPE_CHECKING:
    from stats.shard import Shard

log = logging.getLogger("dattss.ingest")

MOST_UNPACKED = 8 << 20  # bytes after gzip
_AT_ONCE = 16  # forwarded commits that are taken before others get their turn
_GZIP_WINDOW = 31  # zlib's number for "a gzip header, the largest window"


def accept_now(key: str, encoding: str, body: bytes, address: str | None) -> Answer | None:
    """Like `accept`, where nothing has to be waited for, as is usual; None where `accept` is to be asked."""
    started = time.perf_counter()
    entry = runtime.keys.table.lookup(key) if runtime.keys is not None else None
    shard = _owner_here(entry) if entry is not None and entry.scope == "ingest" else None
    if shard is None or entry is None or shard.sync_always or entry.account_id not in shard.held:
        return None
    answer = _offered(shard, entry, encoding, body, address)
    if runtime.watch is not None:
        runtime.watch.commit(answer.status, time.perf_counter() - started)
    return answer


async def accept(key: str, encoding: str, body: bytes, address: str | None) -> Answer:
    """Takes a commit as it came: the raw key, the `Content-Encoding`, the body of at most `MOST_BODY` bytes, and the IP
    address of who sent it.

    Where another process owns the key's account, it is sent on, and the answer is the owner's.
    """
    started = time.perf_counter()
    entry = await _entry(key, address)
    if isinstance(entry, Answer):
        answer = entry
    elif (shard := _owner_here(entry)) is not None:
        answer = await settled(shard, _offered(shard, entry, encoding, body, address))
    else:
        answer = await _sent_on(entry, Forwarded(key, encoding, body, address))
    if runtime.watch is not None:
        runtime.watch.commit(answer.status, time.perf_counter() - started)
    return answer


async def accept_forwarded(shard: "Shard", commits: list[Forwarded]) -> list[Answer]:
    """The answers to commits that other processes have sent on to this one, whose `shard` should own them."""
    answers: list[Answer] = []
    unknown = await _answer_to_unknown(shard, {commit.key for commit in commits})
    for number, commit in enumerate(commits):
        entry = _sending(shard.keys.table.lookup(commit.key), unknown)
        if isinstance(entry, Answer):
            answers.append(entry)
        elif _owner_here(entry) is None:  # who sent it has an old table
            answers.append(UNAVAILABLE)
        else:
            answers.append(_offered(shard, entry, commit.encoding, commit.body, commit.address))
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
    taken = any(answer.status == 200 for answer in answers)
    if taken and (await settled(shard, OK)).status != 200:
        return [UNAVAILABLE if answer.status == 200 else answer for answer in answers]
    return answers


async def settled(shard: "Shard", answer: Answer) -> Answer:
    """The answer, once what was taken is as safe as the settings ask for."""
    if answer.status != 200 or not shard.sync_always:
        return answer
    try:
        await shard.durable()
    except OSError as error:
        log.error("The journal could not be brought to the disk: %s", error)  # noqa: TRY400
        return UNAVAILABLE
    return answer


async def _entry(key: str, address: str | None) -> KeyEntry | Answer:
    """The entry of a key that may send, or why a commit with this key is not even looked at."""
    keys = runtime.keys
    if keys is None:
        return UNAVAILABLE
    try:
        entry = keys.table.lookup(key) or await keys.find(key)
        if entry is not None and _is_coming(entry):
            await keys.fresh()
    except KeysAwayError:
        return UNAVAILABLE
    if entry is None and (wait := guesses.note(address, key)):
        return guessed(wait)
    return _sending(entry, NO_KEY)


def _sending(entry: KeyEntry | None, unknown: Answer) -> KeyEntry | Answer:
    """The entry where its key may send, else what its sender is told; `unknown` to one whose key is not there."""
    if entry is None:
        return unknown
    return entry if entry.scope == "ingest" else READ_KEY


async def _answer_to_unknown(shard: "Shard", keys: set[str]) -> Answer:
    """What to tell those of the keys that the table does not have when this returns.

    Looks at the database at most once for all of them: who has sent their commits on does not wait for many looks.
    """
    entries = map(shard.keys.table.lookup, keys)
    if any(entry is None or _is_coming(entry) for entry in entries):
        try:
            await shard.keys.fresh()
        except KeysAwayError:
            return UNAVAILABLE
    return NO_KEY


def _owner_here(entry: KeyEntry) -> "Shard | None":
    """The shard of this process, where it owns the key's account."""
    shard = runtime.shard
    return shard if shard is not None and entry.shard == shard.number else None


def _is_coming(entry: KeyEntry) -> bool:
    """Whether the account is about to be brought in here: the table knows it a moment earlier than the shard has it."""
    shard = _owner_here(entry)
    return shard is not None and shard.open and entry.account_id not in shard.held


async def _sent_on(entry: KeyEntry, commit: Forwarded) -> Answer:
    if entry.shard is None or runtime.forwarder is None:
        return UNAVAILABLE
    if runtime.watch is not None:
        runtime.watch.forwarded()
    return await runtime.forwarder.forward(entry.shard, commit)


def _offered(shard: "Shard", entry: KeyEntry, encoding: str, body: bytes, address: str | None) -> Answer:
    """What the owner says to a commit."""
    if not shard.open or entry.account_id not in shard.held:
        return UNAVAILABLE
    if not shard.rate.take(entry.account_id, time.monotonic()):
        shard.meter.refused(entry.account_id)
        return TOO_FAST
    return _taken(shard, entry, encoding, body, address)


def _taken(shard: "Shard", entry: KeyEntry, encoding: str, body: bytes, address: str | None) -> Answer:
    try:
        unpacked = unpack(encoding, body)
        if unpacked is None:
            return TOO_LARGE
        taken = shard.take(entry, decode(unpacked), unpacked, address)
    except InvalidCommit as error:
        return refusal(400, error.error, at=error.at)
    except OSError as error:
        log.error("A commit could not be kept: %s", error)  # noqa: TRY400  (where is in the error)
        return UNAVAILABLE
    if taken.dup:
        return DUP
    if taken.dropped:
        return Answer(200, {"ok": True, "dropped": taken.dropped})
    return OK


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
