"""The records of a segment of the journal, written and read; the reading steps over what is damaged.

    length (4 bytes) | CRC-32 of the payload (4 bytes) | payload

in little-endian order. The payload is the account (8 bytes), the Unix time of arrival (8 bytes, a double) and the body
of the commit as JSON. After damage the next place is looked for where a length, an origin and a checksum fit. A body
cannot pretend to be a record: the highest byte of a length is 0, and no JSON has such a byte.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

PIECE = 1 << 20  # bytes read at a time
_HEADER = struct.Struct("<II")
_ORIGIN = struct.Struct("<qd")
_SHORTEST = _HEADER.size + _ORIGIN.size
_LONGEST = 9 << 20  # bytes of a payload: a commit is at most 8 MiB unpacked
# Above what accounts and times can be; spares most checksums when the next record is looked for.
_LAST_ACCOUNT = 1 << 48
_LAST_TIME = float(1 << 40)
# Four bytes that may be a length: from that of an origin to _LONGEST, little-endian.
_LENGTH = re.compile(rb"(?=[\x10-\xff]\0\0\0|.[\x01-\xff]\0\0|..[\x01-\x90]\0)", re.DOTALL)


class Record(NamedTuple):
    """A commit as it came: `at` is the Unix time of its arrival, `body` its JSON."""

    account: int
    at: float
    body: bytes


class Damage(NamedTuple):
    """`size` bytes from the place `at` on that are no records. `torn`: they are the beginning of one that ends with the
    file, as a crash leaves it."""

    at: int
    size: int
    torn: bool


def encode(record: Record) -> bytes:
    """The record as it stands in a segment."""
    origin = _ORIGIN.pack(record.account, record.at)
    checksum = zlib.crc32(record.body, zlib.crc32(origin))
    return b"".join((_HEADER.pack(len(origin) + len(record.body), checksum), origin, record.body))


def read(file: BinaryIO) -> Iterator[Record | Damage]:
    """What the segment holds, in order; never more in memory than the longest record and a piece. Raises OSError."""
    window = _Window(file)
    while window.has(1):
        yield window.record() or window.damage()


class _Window:
    """The bytes of a file around the place where reading has come to."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = b""
        self._begin = 0  # place in the file of the first byte of the data
        self._at = 0  # place in the data

    def has(self, size: int) -> bool:
        """Whether as many bytes follow; they are in the data then."""
        missing = self._at + size - len(self._data)
        if missing <= 0:
            return True
        more = self._file.read(max(missing, PIECE))
        self._data = self._data[self._at :] + more
        self._begin += self._at
        self._at = 0
        return len(more) >= missing

    def record(self) -> Record | None:
        """The record that begins here, stepped over; None where there is no sound one."""
        if not self.has(_SHORTEST):
            return None
        length, checksum = _HEADER.unpack_from(self._data, self._at)
        if not _ORIGIN.size <= length <= _LONGEST or not self.has(_HEADER.size + length):
            return None
        begin = self._at + _HEADER.size
        payload = memoryview(self._data)[begin : begin + length]
        if zlib.crc32(payload) != checksum:
            return None
        self._at = begin + length
        account, arrival = _ORIGIN.unpack_from(payload)
        return Record(account, arrival, bytes(payload[_ORIGIN.size :]))

    def damage(self) -> Damage:
        """What lies between here and the next sound record, or the end, stepped over."""
        begin = self._begin + self._at
        torn = self._ends_within_a_record()
        self._at += 1
        found = self._find_record()
        return Damage(begin, self._begin + self._at - begin, torn and not found)

    def _ends_within_a_record(self) -> bool:
        if not self.has(_HEADER.size):
            return True
        length, _ = _HEADER.unpack_from(self._data, self._at)
        return _ORIGIN.size <= length <= _LONGEST and not self.has(_HEADER.size + length)

    def _find_record(self) -> bool:
        """Goes to the next sound record; False at the end of the file."""
        while self.has(_SHORTEST):
            length = _LENGTH.search(self._data, self._at)
            # Where there is none, one may still begin in the last three bytes.
            self._at = length.start() if length else len(self._data) - 3
            if length and self._is_sound():
                return True
            self._at += bool(length)
        self._at = len(self._data)
        return False

    def _is_sound(self) -> bool:
        if not self.has(_SHORTEST):
            return False
        account, arrival = _ORIGIN.unpack_from(self._data, self._at + _HEADER.size)
        if not (0 <= account < _LAST_ACCOUNT and 0 <= arrival < _LAST_TIME):
            return False
        begin = self._begin + self._at
        sound = self.record() is not None
        self._at = begin - self._begin
        return sound
