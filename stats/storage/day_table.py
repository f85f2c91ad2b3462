"""A whole `.prt` file as columns."""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass

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


# --- The fast way: all numbers at once, by a JSON decoder -------------------------------------------------------------
_PRINTABLE = bytes(code for code in range(33, 127) if code != ord(","))
# `09:05,3,1` becomes `109,105,3,1,MARK`; the 1 in front hides the leading zero, which JSON does not know.
_MARK = b"-7.25e-9"  # ends a line; a file that has this number itself is read the slow way
_WIDTH = 2 + FIELDS + 1
_numbers = msgspec.json.Decoder(list[float])


def _parse_sound(body: bytes, torn: int) -> DayTable | None:
    """The table of a file without any flaw before its tail, or None."""
    sketches: bytes | None = None
    data = np.frombuffer(body, np.uint8)  # in which numpy counts ten times as fast
    lines, commas = int(np.count_nonzero(data == ord("\n"))) + 1, int(np.count_nonzero(data == ord(",")))
    if commas != FIELDS * lines:
        apart = _without_sketches(body.split(b"\n"), commas - FIELDS * lines)
        if apart is None:
            return None
        body, sketches = apart
    text = b"[1%b,%b]" % (body.replace(b":", b",1").replace(b"\n", b",%b,1" % _MARK), _MARK)
    try:
        rows = np.frombuffer(struct.pack(f"{_WIDTH * lines}d", *_numbers.decode(text))).reshape(lines, _WIDTH)
    except (msgspec.DecodeError, struct.error):  # no numbers, or not so many
        return None
    marks = rows == float(_MARK)
    if not (marks[:, -1].all() and np.count_nonzero(marks) == lines):
        return None
    hours, minutes, columns = rows[:, 0] - 100, rows[:, 1] - 100, rows[:, 2:-1].T.copy()
    times = hours * 60 + minutes
    if not (_are_times(hours, minutes) and _are_aggregates(columns) and (np.diff(times) > 0).all()):
        return None
    return DayTable(times.astype(np.int64), columns, sketches, torn)


def _without_sketches(lines: list[bytes], number: int) -> tuple[bytes, bytes] | None:
    """The lines without their `number` sketches, and these with a newline behind each, nothing but that where a line
    has none; None where there is a flaw."""
    if number == len(lines):
        parts = [line.rpartition(b",") for line in lines]
    else:
        parts = [line.rpartition(b",") if line.count(b",") > FIELDS else (line, b"", b"") for line in lines]
    found = [sketch for _, _, sketch in parts]
    sketches = b"\n".join(found) + b"\n"
    if len([*filter(None, found)]) != number or sketches.translate(None, _PRINTABLE) != b"\n" * len(lines):
        return None
    return b"\n".join([head for head, _, _ in parts]), sketches


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
