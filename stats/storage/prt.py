"""The `.prt` file: a stat's minutes of one UTC day.

    HH:MM,SUM,CNT,MAX,MIN,BOT,TOP,FST,LST[,SKT]\\n
    14:07,206,2,153,53,53,153,153,53

One line for each minute that had values, in order, no header; a minute that had none has no line, for missing is not
zero. HH:MM is UTC. Numbers are the shortest text that reads back as the same double: `3`, `0.5`, `1e21`, `1.5e-7`;
never `3.0`, `-0`, `NaN` or `Infinity`. CNT is whole and at least 1. SKT is a sketch in printable ASCII without commas
and spaces; a line has it or ends before its comma.

Lines are added at the end, each with one write. A line without its newline is torn (a crash came between) and counts as
not written.
"""

import math
import re
import sys
from collections.abc import Sequence

import msgspec
import numpy as np

from stats.aggregation.arithmetic import Floats
from stats.aggregation.partial import Aggregate

MINUTES = 1440  # a day's

_encode = msgspec.json.Encoder().encode
_CLOCK = tuple(b"%02d:%02d," % divmod(minute, 60) for minute in range(MINUTES))
_MINUTE_OF = {clock: minute for minute, clock in enumerate(_CLOCK)}
_NUMBER = rb"(-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"
_LINE = re.compile(
    rb"([01][0-9]|2[0-3]):([0-5][0-9]),%b,([0-9]{1,18})%b(?:,([!-+\--~]+))?\r?" % (_NUMBER, (b"," + _NUMBER) * 6)
)
_SKETCH = re.compile(r"[!-+\--~]+")


def format_line(minute: int, aggregate: Aggregate) -> bytes:
    """The line, newline included, of a minute of the day (0 to 1439).

    A sum that has grown out of the range of a double is written as the largest one. Raises ValueError for what is not a
    number, for a count below 1 and for a sketch that would break the line.
    """
    numbers = aggregate[:8]
    try:
        text = _encode(numbers)
    except TypeError:  # a subclass of float, as numpy has them
        text = _encode([float(number) for number in numbers])
    if b"n" in text:  # "null": infinite, or not a number
        text = _encode([_finite(number) for number in numbers])
    if aggregate.cnt < 1:
        raise ValueError(f"a line needs a count of at least 1, not {aggregate.cnt!r}")
    body = (text[1:-1] + b",").replace(b".0,", b",").replace(b"-0,", b"0,")
    sketch = aggregate.skt
    if not sketch:
        return _CLOCK[minute] + body[:-1] + b"\n"
    if not is_sketch(sketch):
        raise ValueError("a sketch is printable ASCII without commas and spaces")
    return _CLOCK[minute] + body + sketch.encode() + b"\n"


def format_lines(minutes: Sequence[int], columns: Floats, sketches: Sequence[str] | None = None) -> list[bytes]:
    """As `format_line`, for many lines in one go.

    `minutes` (n) are of the day, `columns` (8, n) the numbers in the order of `Aggregate`: finite, counts below 2**53.
    `sketches` (n) hold "" for a line without, and are not checked.
    """
    if not columns.shape[1]:
        return []
    rows = _encode(np.ascontiguousarray(columns.T).tolist())[2:-2].replace(b"],[", b",\n") + b","
    bodies = rows.replace(b".0,", b",").replace(b"-0,", b"0,").split(b"\n")
    if sketches is None:
        return [_CLOCK[minute] + body[:-1] + b"\n" for minute, body in zip(minutes, bodies, strict=True)]
    return [
        _CLOCK[minute] + (body + sketch.encode() if sketch else body[:-1]) + b"\n"
        for minute, body, sketch in zip(minutes, bodies, sketches, strict=True)
    ]


def is_sketch(text: str) -> bool:
    """Whether `text` can stand at the end of a line."""
    return _SKETCH.fullmatch(text) is not None


def _finite(number: float) -> float:
    if math.isnan(number):
        raise ValueError("a line cannot hold what is not a number")
    return min(max(float(number), -sys.float_info.max), sys.float_info.max)


def minute_of(line: bytes) -> int | None:
    """Minute of the day that a line begins with, whatever follows; None where it begins with none."""
    return _MINUTE_OF.get(line[:6])


def parse_line(line: bytes) -> tuple[int, Aggregate] | None:
    """Minute of the day and aggregate of a line without its newline; None where it is damaged."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    hour, minute, total, count, *others, sketch = match.groups()
    highest, lowest, *rest = map(float, others)
    if not all(map(math.isfinite, (float(total), highest, lowest, *rest))) or lowest > highest or int(count) < 1:
        return None
    bot, top, first, last = rest
    skt = sketch.decode() if sketch else ""
    aggregate = Aggregate(float(total), int(count), highest, lowest, bot, top, first, last, skt)
    return int(hour) * 60 + int(minute), aggregate
