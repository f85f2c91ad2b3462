"""The journal: every commit of a shard, written down before it is acknowledged.

    FOLDER/                            DATTSS_DATA/journal/shard-0
        28000000.log                   a segment: the commits that arrived in one minute; numbers only grow
        flush.plan                     what a flush is about to write (`stats.storage.plan`)
        held                           what the last flush could not write, for the next one
        delivered                      which commits were taken already (`stats.aggregation.delivered`)
        28000000-517.damaged           bytes that were no records, from that place of a segment on
        28000000.refused               records that this version cannot take
        28000000.unreadable            a segment that the disk did not give

A segment is a row of records (`stats.storage.segment`). A crash may tear the last one: it was never acknowledged, and
is cut off when the segment is read. What is damaged before it is stepped over. A segment is dropped when all that it
holds is in the `.prt` files; what was set aside stays until somebody has looked at it.
"""

import logging
import os
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stats.storage import segment
from stats.storage.failures import failure
from stats.storage.segment import Damage, Record

logger = logging.getLogger("dattss.storage")

SEGMENT = ".log"


class Journal:
    """The segments in `folder`. Its calls come from one thread, but for `sync` and `drop`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._descriptor = -1
        self._size = 0
        self._dirty = False
        self._ended: deque[int] = deque()  # descriptors of segments that wait for their last sync
        self.number = -1  # of the segment that is open, or was last
        self.faults: Counter[str] = Counter()  # what reading found: "torn", "damaged", "refused", "unreadable"

    def append(self, record: Record) -> None:
        """Writes the record wholly, or not at all and raises StorageError. `open_segment` comes first."""
        data = segment.encode(record)
        try:
            written = os.write(self._descriptor, data)
            while written < len(data):  # the next attempt tells why this one ended early, or completes it
                written += os.write(self._descriptor, data[written:])
        except OSError as error:
            self._take_back()
            raise failure(error, str(self._path(self.number))) from error
        self._size += len(data)
        self._dirty = True

    @property
    def is_open(self) -> bool:
        return self._descriptor >= 0

    def open_segment(self, number: int) -> None:
        """Opens a segment, at its end; none may be open. Raises StorageError."""
        path = self._path(number)
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise failure(error, str(path)) from error
        self._size = os.fstat(self._descriptor).st_size
        self.number = number

    def end_segment(self) -> None:
        """Appends no more to the segment that is open, if one is; it is left to `sync` to close it."""
        if self._descriptor >= 0:
            self._ended.append(self._descriptor)
            self._descriptor = -1

    def sync(self) -> None:
        """Returns when all that was appended before the call would survive a power cut. Called from one thread, which
        may be another than that of the other calls: only here are descriptors closed."""
        # The open one first: should it be ended just then, it is among the others.
        if self._dirty:
            self._dirty = False
            descriptor = self._descriptor
            if descriptor >= 0:
                os.fdatasync(descriptor)
        while self._ended:
            descriptor = self._ended[0]
            os.fdatasync(descriptor)
            os.close(descriptor)
            self._ended.popleft()

    def close(self) -> None:
        """Ends the segment that is open, if one is, with all its records on the disk."""
        self.end_segment()
        self.sync()

    def segments(self) -> list[int]:
        """The numbers of the segments that are there, in ascending order."""
        numbers = (path.name.removesuffix(SEGMENT) for path in self._folder.glob(f"*{SEGMENT}"))
        return sorted(int(number) for number in numbers if number.isascii() and number.isdigit())

    def read(self, number: int) -> Iterator[Record]:
        """The records of a segment. The log and `faults` tell what stands between them; it is set aside, and cut off
        where nothing follows it. A segment that the disk does not give ends early and is set aside as a whole."""
        path = self._path(number)
        try:
            with path.open("rb+") as file:
                yield from self._sound(file, path)
        except OSError as error:
            logger.error("%s cannot be read (%s); what it holds is missing", path, error)  # noqa: TRY400
            self.faults["unreadable"] += 1
            path.rename(path.with_suffix(".unreadable"))

    def refuse(self, number: int, record: Record, reason: str) -> None:
        """Sets a record aside that cannot be taken."""
        path = self._path(number).with_suffix(".refused")
        logger.error("a commit in segment %s cannot be taken (%s); it is kept in %s", number, reason, path.name)
        self.faults["refused"] += 1
        try:
            with path.open("ab") as file:
                file.write(segment.encode(record))
        except OSError as error:
            logger.error("it cannot be kept, and is lost: %s", error)  # noqa: TRY400

    def _sound(self, file: BinaryIO, path: Path) -> Iterator[Record]:
        damages = []
        for part in segment.read(file):
            if isinstance(part, Record):
                yield part
            else:
                damages.append(part)
        for damage in damages:
            self._set_aside(file, damage, path)

    def _set_aside(self, file: BinaryIO, damage: Damage, path: Path) -> None:
        """A copy of the damaged bytes, since the segment will be dropped; where the disk is full they stay in it, which
        does no harm."""
        self.faults["torn" if damage.torn else "damaged"] += 1
        what = "a torn record" if damage.torn else "damage"
        aside = path.with_name(f"{path.stem}-{damage.at}.damaged")
        try:
            _copy(file, damage, aside)
            if damage.at + damage.size == os.fstat(file.fileno()).st_size:
                file.truncate(damage.at)
        except OSError as error:
            logger.error("left %s bytes of %s in %s: %s", damage.size, what, path, error)  # noqa: TRY400
        else:
            logger.warning("set aside %s bytes of %s in %s; they are in %s", damage.size, what, path, aside.name)

    def drop(self, number: int) -> None:
        """Removes a segment; nothing happens where it is gone already."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}{SEGMENT}"

    def _take_back(self) -> None:
        """Cuts off what a failed append has left: the record after it would not be found."""
        os.ftruncate(self._descriptor, self._size)


def _copy(file: BinaryIO, damage: Damage, aside: Path) -> None:
    file.seek(damage.at)
    left = damage.size
    with aside.open("wb") as copy:
        while left and (piece := file.read(min(left, segment.PIECE))):
            copy.write(piece)
            left -= len(piece)
