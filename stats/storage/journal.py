"""The journal: every commit of a shard, written down before it is acknowledged.

    FOLDER/                            DATTSS_DATA/journal/shard-0
        28000000.log                   a segment: the commits that arrived in one minute; numbers only grow
        flush.plan                     what a flush is about to write (`stats.storage.plan`)
        delivered                      which commits were taken already (`stats.aggregation.delivered`)

A segment is a row of records, each

    length (4 bytes) | CRC-32 of the payload (4 bytes) | payload

in little-endian order. The payload is the account (8 bytes), the Unix time of arrival (8 bytes, a double) and the body
of the commit as JSON. A crash may tear the last record: it was never acknowledged, and is cut off when the segment is
read. A segment is dropped when all that it holds is in the `.prt` files.
"""

import logging
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stats.storage.failures import failure

logger = logging.getLogger("dattss.storage")

SEGMENT = ".log"
_HEADER = struct.Struct("<II")
_ORIGIN = struct.Struct("<qd")
_LONGEST = 9 << 20  # bytes of a payload: a commit is at most 8 MiB unpacked


class Record(NamedTuple):
    """A commit as it came: `at` is the Unix time of its arrival, `body` its JSON."""

    account: int
    at: float
    body: bytes


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

    def append(self, record: Record) -> None:
        """Writes the record wholly, or not at all and raises StorageError. `open_segment` comes first."""
        payload = _ORIGIN.pack(record.account, record.at) + record.body
        data = _HEADER.pack(len(payload), zlib.crc32(payload)) + payload
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
        while self._ended:
            descriptor = self._ended[0]
            os.fdatasync(descriptor)
            os.close(descriptor)
            self._ended.popleft()
        if self._dirty:
            self._dirty = False
            descriptor = self._descriptor
            if descriptor >= 0:
                os.fdatasync(descriptor)

    def close(self) -> None:
        """Ends the segment that is open, if one is, with all its records on the disk."""
        self.end_segment()
        self.sync()

    def segments(self) -> list[int]:
        """The numbers of the segments that are there, in ascending order."""
        numbers = (path.name.removesuffix(SEGMENT) for path in self._folder.glob(f"*{SEGMENT}"))
        return sorted(int(number) for number in numbers if number.isascii() and number.isdigit())

    def read(self, number: int) -> Iterator[Record]:
        """The records of a segment. What is torn or damaged ends it: it is cut off, and the log says how much."""
        path = self._path(number)
        data = memoryview(path.read_bytes())
        at = 0
        while (payload := _payload(data, at)) is not None:
            account, arrival = _ORIGIN.unpack_from(payload)
            yield Record(account, arrival, bytes(payload[_ORIGIN.size :]))
            at += _HEADER.size + len(payload)
        if at < len(data):
            logger.warning("cut %s bytes of a torn record from %s", len(data) - at, path)
            os.truncate(path, at)

    def drop(self, number: int) -> None:
        """Removes a segment; nothing happens where it is gone already."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}{SEGMENT}"

    def _take_back(self) -> None:
        """Cuts off what a failed append has left: the record after it would not be found."""
        os.ftruncate(self._descriptor, self._size)


def _payload(data: memoryview, at: int) -> memoryview | None:
    """The payload of the record at `at`; None at the end and where there is no sound record."""
    if at + _HEADER.size > len(data):
        return None
    length, checksum = _HEADER.unpack_from(data, at)
    payload = data[at + _HEADER.size : at + _HEADER.size + length]
    if not _ORIGIN.size <= length <= _LONGEST or len(payload) < length or zlib.crc32(payload) != checksum:
        return None
    return payload
