"""A whole `.prt` file as columns."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
from numpy.typing import NDArray

from stats.aggregation.arithmetic import CNT, FIELDS, MAX, MIN, Floats
from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate
from stats.storage.prt import parse_line


@dataclass(frozen=True, eq=False)
class DayTable:
    """The minutes of a file, in order, each once. The arrays are read-only.

    `minutes` (n) are minutes of the UTC day, `columns` (8, n) the numbers in the order of `Aggregate`, `sketches` the n
    sketches, each with a newline behind it (nothing but that for a line without), or None where no line has one.
    `damaged` counts the lines that could not be read.
    """

    minutes: NDArray[np.int64]
    columns: Floats
    sketches: bytes | None = None
    damaged: int = 0

    def __post_init__(self) -> None:
        self.minutes.setflags(write=False)
        self.columns.setflags(write=False)

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return _BARE + self.minutes.nbytes + self.columns.nbytes + len(self.sketches or b"")


_BARE = 1000  # bytes of a table without minutes

EMPTY = DayTable(np.zeros(0, np.int64), np.zeros((FIELDS, 0)))

Signature = tuple[int, int, int]  # inode, time of the last change in ns, size: changes whenever the content does


def signature(status: os.stat_result) -> Signature:
    """What to compare in order to know whether a file has changed."""
    return status.st_ino, status.st_mtime_ns, status.st_size


def parse_day(data: bytes) -> DayTable:
    """The minutes in a file's content.

    Lines that cannot be read are left out and counted. A minute that occurs again is merged into the first, and minutes
    out of order are put in order.
    """
    body, _, tail = data.rpartition(b"\n")
    torn = 1 if tail else 0
    if not body:
        return DayTable(EMPTY.minutes, EMPTY.columns, damaged=torn)
    return _parse_sound(body, torn) or _parse_line_by_line(body.split(b"\n"), torn)


# --- The fast way: all lines at once, by a JSON decoder ---------------------------------------------------------------
_NEWLINE, _COMMA, _SPACE, _TILDE = b"\n, ~"
# `09:05,3,1` becomes `[109,105,3,1]`; the 1 in front hides the leading zero, which JSON does not know.
_rows = msgspec.json.Decoder(list[tuple[(float,) * (2 + FIELDS)]])  # type: ignore[misc]


def _parse_sound(body: bytes, torn: int) -> DayTable | None:
    """The table of a file without any flaw before its tail, or None."""
    sketches: bytes | None = None
    if body.count(b",") != FIELDS * (body.count(b"\n") + 1):
        apart = _without_sketches(np.frombuffer(body + b"\n", np.uint8))
        if apart is None:
            return None
        body, sketches = apart
    try:
        rows = _rows.decode(b"[[1" + body.replace(b":", b",1").replace(b"\n", b"],[1") + b"]]")
    except msgspec.DecodeError:
        return None
    width = 2 + FIELDS
    numbers = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * width).reshape(-1, width).T
    hours, minutes, columns = numbers[0] - 100, numbers[1] - 100, numbers[2:].copy()
    times = hours * 60 + minutes
    if not (_are_times(hours, minutes) and _are_aggregates(columns) and (np.diff(times) > 0).all()):
        return None
    return DayTable(times.astype(np.int64), columns, sketches, torn)


def _without_sketches(data: NDArray[np.uint8]) -> tuple[bytes, bytes] | None:
    """The lines without their sketches, and the sketches; None where there is a flaw. A newline ends each line."""
    ends, commas = np.flatnonzero(data == _NEWLINE), np.flatnonzero(data == _COMMA)
    first = np.searchsorted(commas, np.append(0, ends[:-1]))
    number = np.diff(first, append=len(commas))
    has = number == FIELDS + 1
    if not (has | (number == FIELDS)).all():
        return None
    cut = commas[first[has] + FIELDS]
    turns = np.column_stack((cut, ends[has])).ravel()
    inside = np.repeat(np.arange(len(turns) + 1) % 2 == 1, np.diff(turns, prepend=0, append=len(data)))
    numbers = data[~inside]
    inside[cut], inside[ends] = False, True
    sketches = data[inside]
    printable = (sketches > _SPACE) & (sketches <= _TILDE) | (sketches == _NEWLINE)
    if not printable.all() or (cut + 1 == ends[has]).any():
        return None
    return numbers[:-1].tobytes(), sketches.tobytes()


def _are_times(hours: Floats, minutes: Floats) -> bool:
    in_range = (hours >= 0) & (hours < 24) & (minutes >= 0) & (minutes < 60)
    return bool((in_range & (hours == np.rint(hours)) & (minutes == np.rint(minutes))).all())


def _are_aggregates(columns: Floats) -> bool:
    counts = columns[CNT]
    return bool(((counts >= 1) & (counts == np.rint(counts)) & (columns[MIN] <= columns[MAX])).all())


# --- The slow way: line by line, for a file with a flaw in it ---------------------------------------------------------
def _parse_line_by_line(lines: Iterable[bytes], damaged: int) -> DayTable:
    groups: dict[int, list[Aggregate]] = {}
    for line in lines:
        parsed = parse_line(line)
        if parsed is None:
            damaged += 1
        else:
            groups.setdefault(parsed[0], []).append(parsed[1])
    return _table(groups, damaged)


def _table(groups: dict[int, list[Aggregate]], damaged: int) -> DayTable:
    minutes = sorted(groups)
    aggregates = merge_groups([groups[minute] for minute in minutes])
    columns = np.array([aggregate[:FIELDS] for aggregate in aggregates], np.float64).reshape(-1, FIELDS).T
    sketches = "".join(f"{aggregate.skt}\n" for aggregate in aggregates).encode()
    known = len(sketches) > len(aggregates)
    return DayTable(np.array(minutes, np.int64), columns, sketches if known else None, damaged)
