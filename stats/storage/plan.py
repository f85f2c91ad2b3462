"""The plan of a flush: what it is about to write, on the disk before the first file is touched.

Minutes are lines in many files, and a crash in the middle of writing them leaves some written and some not; adding them
again would count twice. So a flush first works out what each line and file will be, writes that down as one file, and
only then drops the segment of the journal that it came from and does what is written. Doing it again changes nothing:
every step sets something to a value. A plan that a start finds is done once more, from the beginning.
"""

import logging
import zlib
from pathlib import Path
from typing import Any

import msgspec

from stats.aggregation.partial import MinuteRow
from stats.storage.paths import Level
from stats.storage.replace import replace

logger = logging.getLogger("dattss.storage")

PLAN = "flush.plan"
_CHECKSUM_BYTES = 4


class Plan(msgspec.Struct, array_like=True):
    """What a flush sets: `lines` of `.prt` files (as MinuteRow has them, merged with what was there), `states`
    (account, process, contents of the `.cur`), `events` (account, level, the last of them), and `delivered`
    (`Delivered.dump`).

    `segment` is the last one of the journal that is in it.
    """

    segment: int
    lines: list[MinuteRow]
    states: list[tuple[int, str, dict[str, Any]]]
    events: list[tuple[int, Level, list[dict[str, Any]]]]
    delivered: dict[str, Any]


_decoder = msgspec.msgpack.Decoder(Plan)


def write(folder: Path, plan: Plan) -> None:
    """Puts the plan into its file, durably. Raises StorageError, and then there is none."""
    payload = msgspec.msgpack.encode(plan)
    replace(folder / PLAN, zlib.crc32(payload).to_bytes(_CHECKSUM_BYTES, "little") + payload, durable=True)


def read(folder: Path) -> Plan | None:
    """The plan that a flush has left undone, if there is one."""
    path = folder / PLAN
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    payload = data[_CHECKSUM_BYTES:]
    if zlib.crc32(payload) != int.from_bytes(data[:_CHECKSUM_BYTES], "little"):
        # It is renamed into place only when it is whole, so the disk itself has failed; its segment is still there.
        logger.error("ignored the damaged plan %s", path)
        return None
    return _decoder.decode(payload)


def remove(folder: Path) -> None:
    """The plan is done."""
    (folder / PLAN).unlink(missing_ok=True)
