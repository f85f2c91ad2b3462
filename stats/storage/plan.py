"""The plan of a flush: what it is about to write, on the disk before the first file is touched.

Minutes are lines in many files, and a crash in the middle of writing them leaves some written and some not; adding them
again would count twice. So a flush first works out what each line and file will be, writes that down as one file, and
only then drops the segment of the journal that it came from and does what is written. Doing it again changes nothing:
every step sets something to a value. A plan that a start finds is done once more, from the beginning.

A file that cannot be written, but for a full disk, must not stop all others for ever. What is meant for it is kept
beside the plan, in `held`, and becomes part of the next plan.
"""

import logging
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from stats.storage.late import Late
from stats.storage.lines import Lines
from stats.storage.paths import EventFile
from stats.storage.replace import replace

logger = logging.getLogger("dattss.storage")

PLAN = "flush.plan"
HELD = "held"
_CHECKSUM_BYTES = 4

State = tuple[int, str, bytes]  # account, process, contents of the `.cur`
GONE = b""  # contents of a `.cur` that is to be removed
Events = tuple[int, EventFile, list[dict[str, Any]]]  # account, which file, what it holds


class Held(msgspec.Struct, array_like=True):
    """What the last plan could not write, or not merge with what is there."""

    lines: list[Lines] = []
    states: list[State] = []
    events: list[Events] = []


class Plan(msgspec.Struct, array_like=True):
    """What a flush sets: `lines` of `.prt` files (merged with what was there), `states`, `events`, and the contents of
    the file `delivered`.

    `segment` is the last one of the journal that is in it. `unread` are lines that could not be merged with what their
    file has: they are not to be written, but held. `late` are those of the lines that values came late for, if any.
    """

    segment: int
    lines: list[Lines]
    states: list[State]
    events: list[Events]
    delivered: bytes
    unread: list[Lines] = []
    late: Late | None = None


_Kept = TypeVar("_Kept", Plan, Held)
_encode = msgspec.msgpack.Encoder().encode
_plan = msgspec.msgpack.Decoder(Plan)
_held = msgspec.msgpack.Decoder(Held)


def write(folder: Path, plan: Plan) -> None:
    """Puts the plan into its file, durably. Raises StorageError, and then there is none."""
    # One encoding of it all, or only one copy (20 MB: 15 ms), would keep the event loop waiting: other threads get
    # their turn between the pieces only.
    lists = chain(_encoded(plan.lines), _encoded(plan.states), _encoded(plan.events))
    last = _encode(plan.delivered), _encode(plan.unread), _encode(plan.late)
    _write(folder / PLAN, [_array(7), _encode(plan.segment), *lists, *last])


def read(folder: Path) -> Plan | None:
    """The plan that a flush has left undone, if there is one."""
    return _read(folder / PLAN, _plan)


def remove(folder: Path) -> None:
    """The plan is done."""
    (folder / PLAN).unlink(missing_ok=True)


def hold(folder: Path, held: Held) -> None:
    """Replaces what is held, durably; there is no file where nothing is. Raises StorageError."""
    if held.lines or held.states or held.events:
        _write(folder / HELD, [_encode(held)])
    else:
        (folder / HELD).unlink(missing_ok=True)


def read_held(folder: Path) -> Held:
    """What is held."""
    return _read(folder / HELD, _held) or Held()


def _encoded(items: Sequence[object]) -> Iterator[bytes]:
    """The items as an array, in pieces."""
    yield _array(len(items))
    yield from map(_encode, items)


def _array(count: int) -> bytes:
    """How MessagePack begins an array of `count` elements ("array 32")."""
    return b"\xdd" + count.to_bytes(4, "big")


def _write(path: Path, pieces: list[bytes]) -> None:
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    replace(path, checksum.to_bytes(_CHECKSUM_BYTES, "little"), *pieces, durable=True)


def _read(path: Path, decoder: "msgspec.msgpack.Decoder[_Kept]") -> _Kept | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    payload = data[_CHECKSUM_BYTES:]
    reason = "its checksum is wrong"  # it is renamed into place only when it is whole, so the disk itself has failed
    if zlib.crc32(payload) == int.from_bytes(data[:_CHECKSUM_BYTES], "little"):
        try:
            return decoder.decode(payload)
        except msgspec.DecodeError as error:  # another version has written it
            reason = str(error)
    _set_aside(path, reason)
    return None


def _set_aside(path: Path, reason: str) -> None:
    """Nothing of it can be used, but somebody may want to look at it."""
    aside = path.with_name(f"{path.name}.damaged")
    logger.error("%s cannot be read (%s); it is kept as %s", path, reason, aside.name)
    path.replace(aside)
