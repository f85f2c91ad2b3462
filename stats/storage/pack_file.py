"""A packed day: all `.prt` files of an account's UTC day in one file.

    packed files, one after the other | an index for each process | directory | trailer

The trailer has the directory's place, length and CRC-32 and ends in the magic. The directory says where the index of
each process is, an index where each of its files: reading one file takes three short reads, however large the day is.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from stats.storage.columns import compress, decompress
from stats.storage.packed_file import Checksum, DamagedPackError

_TRAILER = struct.Struct("<QII8s")
_MAGIC = b"DaTtSsP1"


class Entry(NamedTuple):
    """Where a packed file is, the CRC-32 of its packed bytes, and of which `.prt` content it was last made."""

    at: int
    length: int
    crc: int
    source: Checksum


class _Place(NamedTuple):
    at: int
    length: int
    crc: int


_encode = msgspec.msgpack.Encoder().encode
_directory = msgspec.msgpack.Decoder(dict[str, _Place])
_index = msgspec.msgpack.Decoder(dict[str, Entry])


class PackWriter:
    """Writes a packed day into `stream`: `add` all files of a process before those of the next, then `finish`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._entries: dict[str, dict[str, Entry]] = {}

    def add(self, process: str, file: str, packed: bytes, source: Checksum) -> None:
        """Adds a file."""
        place = self._put(packed)
        self._entries.setdefault(process, {})[file] = Entry(*place, source)

    def finish(self) -> None:
        """Adds what is needed to find the files; durable when it returns."""
        places = {process: self._put(compress(_encode(index))) for process, index in self._entries.items()}
        place = self._put(compress(_encode(places)))
        self._stream.write(_TRAILER.pack(*place, _MAGIC))
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def _put(self, data: bytes) -> _Place:
        at = self._stream.tell()
        self._stream.write(data)
        return _Place(at, len(data), zlib.crc32(data))


class PackReader:
    """Reads an open packed day. Everything raises DamagedPackError where the bytes are not what was written."""

    def __init__(self, stream: BinaryIO) -> None:
        self._file = stream.fileno()
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, _TRAILER.size, max(0, size - _TRAILER.size))
        if len(tail) < _TRAILER.size or not tail.endswith(_MAGIC):
            raise DamagedPackError("its end is missing")
        at, length, crc, _ = _TRAILER.unpack(tail)
        self._places = _directory.decode(decompress(self._get(_Place(at, length, crc))))

    def processes(self) -> list[str]:
        """The processes in it."""
        return list(self._places)

    def index(self, process: str) -> dict[str, Entry]:
        """The files of a process; none for one that is not there."""
        place = self._places.get(process)
        return {} if place is None else _index.decode(decompress(self._get(place)))

    def packed(self, entry: Entry) -> bytes:
        """A file's packed bytes."""
        return self._get(_Place(*entry[:3]))

    def _get(self, place: _Place) -> bytes:
        data = os.pread(self._file, place.length, place.at)
        if zlib.crc32(data) != place.crc or len(data) != place.length:
            raise DamagedPackError(f"{place.length} bytes at {place.at} are not what was written")
        return data


@contextmanager
def opened(path: Path) -> Iterator[PackReader | None]:
    """The packed day at `path`, or None where there is none."""
    try:
        stream = open(path, "rb")  # noqa: SIM115  (closed below)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    with stream:
        yield PackReader(stream)
