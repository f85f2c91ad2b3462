"""One `.prt` file's content as few bytes, and back bit for bit.

Content that the columns give back exactly is kept as columns, everything else (damaged lines, odd numbers, no `.prt` at
all) as it is, compressed. Which of the two is tried, not guessed.
"""

import zlib
from typing import NamedTuple

from stats.aggregation.arithmetic import CNT, FIELDS, Floats
from stats.storage.columns import Whole, compress, decode_columns, decompress, encode_columns
from stats.storage.day_table import DayTable, parse_day
from stats.storage.prt import format_lines

_RAW, _COLUMNS = b"R", b"C"
_SPLIT = 4  # bytes that tell where the columns end and the sketches begin


class DamagedPackError(ValueError):
    """A packed day, or a file in it, cannot be read: `what`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"a packed day is damaged: {what}")
        self.what = what


class Checksum(NamedTuple):
    """Size and CRC-32 of a content."""

    size: int
    crc: int


def checksum(content: bytes) -> Checksum:
    """What tells `content` from another."""
    return Checksum(len(content), zlib.crc32(content))


def pack(content: bytes) -> bytes:
    """`content` in as few bytes as we can; `unpack` gives exactly it back."""
    packed = _as_columns(content)
    return packed if packed is not None and unpack(packed) == content else _RAW + compress(content)


def unpack(packed: bytes) -> bytes:
    """The content that was packed. Raises ValueError, ZstdError or IndexError for bytes that never were."""
    return decompress(packed[1:]) if packed[:1] == _RAW else _text(*_columns(packed))


def table(packed: bytes) -> DayTable:
    """The minutes of the content that was packed, without going through its text where it is kept as columns."""
    if packed[:1] == _RAW:
        return parse_day(decompress(packed[1:]))
    return DayTable(*_columns(packed))


def _columns(packed: bytes) -> tuple[Whole, Floats, bytes | None]:
    if packed[:1] != _COLUMNS:
        raise DamagedPackError("a file in it is of no known form")
    end = 1 + _SPLIT + int.from_bytes(packed[1 : 1 + _SPLIT], "little")
    sketches = decompress(packed[end:]) + b"\n" if len(packed) > end else None
    minutes, columns = decode_columns(packed[1 + _SPLIT : end])
    if sketches is not None and sketches.count(b"\n") != len(minutes):
        raise DamagedPackError("its columns are of different lengths")
    return minutes, columns, sketches


def _as_columns(content: bytes) -> bytes | None:
    day = parse_day(content)
    if day.damaged or not len(day.minutes) or (day.columns[CNT] >= 2.0**53).any():
        return None
    columns = encode_columns(day.minutes, day.columns)
    sketches = compress(day.sketches[:-1]) if day.sketches is not None else b""
    return _COLUMNS + len(columns).to_bytes(_SPLIT, "little") + columns + sketches


def _text(minutes: Whole, columns: Floats, sketches: bytes | None) -> bytes:
    """The lines of the columns."""
    if columns.shape != (FIELDS, len(minutes)):
        raise DamagedPackError("its columns are of different lengths")
    texts = None if sketches is None else sketches.decode().split("\n")[:-1]
    return b"".join(format_lines(minutes.tolist(), columns, texts))


def merged(packed: bytes, fresh: bytes) -> bytes:
    """The content of a packed file with lines that came after it was packed: in order, each minute once.

    Where a line cannot be read, one content stands behind the other, so that nothing is thrown away.
    """
    earlier = unpack(packed)
    joined = earlier + (b"" if earlier.endswith(b"\n") or not earlier else b"\n") + fresh
    day = parse_day(joined)
    if day.damaged:
        return joined
    return _text(day.minutes, day.columns, day.sketches)
