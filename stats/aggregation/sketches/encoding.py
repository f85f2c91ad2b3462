"""Sketches in columns to texts, the same to the last character as those of `dattss.sketch`."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from dattss import sketch

from stats.aggregation.arithmetic import Rows
from stats.aggregation.sketches import letters
from stats.aggregation.sketches.columns import Sketches, starts_of
from stats.aggregation.sketches.letters import Bytes


def texts_of(sketches: Sketches) -> list[str]:
    """Each as text; empty for one that nobody knows."""
    data, bounds = _encoded(sketches.filled())
    text = data.tobytes().decode("ascii")
    return [text[start:end] for start, end in pairwise(bounds.tolist())]


def _encoded(filled: Sketches) -> tuple[Bytes, Rows]:
    """The texts one behind the other, and their bounds."""
    first = filled.starts[:-1][filled.sizes > 0]
    gaps = np.diff(filled.keys, prepend=0)
    distance = filled.keys[first] - sketch.ONE
    gaps[first] = np.where(distance >= 0, 2 * distance + 1, -2 * distance)
    low, few = gaps - 1, filled.counts.astype(np.int64) - 1
    high, more = _carried(low, sketch.GAPS), _carried(few, letters.ROWS[low])
    before, after = _digits_of(high, letters.GAP_DIGITS), _digits_of(more, letters.COUNT_DIGITS)
    lengths = np.ones(len(gaps), np.int64)
    lengths[first] += 1  # the version
    lengths[high.places] += before
    lengths[more.places] += after
    ends = starts_of(lengths)
    pairs = ends[1:] - 1
    pairs[more.places] -= after
    data = np.empty(ends[-1], np.uint8)
    data[pairs] = letters.PAIR_CODE.ravel()[low * letters.PAIR_CODE.shape[1] + few]
    data[ends[first]] = ord(sketch.VERSION)
    _write_digits(data, pairs[high.places] - 1, high.times, letters.GAP_CODE, -1)
    _write_digits(data, pairs[more.places] + 1, more.times, letters.COUNT_CODE, 1)
    return data, ends[filled.starts]


class _Carry(NamedTuple):
    """At which places there is more than the base, and how many times it."""

    places: Rows
    times: Rows


def _carried(numbers: Rows, bases: Rows | int) -> _Carry:
    """Takes from each number what is beyond its base."""
    places = np.flatnonzero(numbers >= bases)
    times, numbers[places] = np.divmod(numbers[places], np.broadcast_to(bases, numbers.shape)[places])
    return _Carry(places, times)


def _digits_of(carry: _Carry, base: int) -> Rows:
    """How many digits each needs."""
    needed = np.ones(len(carry.times), np.int64)
    bound = base
    while (carry.times >= bound).any():
        needed += carry.times >= bound
        bound *= base
    return needed


def _write_digits(data: Bytes, at: Rows, left: Rows, codes: Bytes, direction: int) -> None:
    """Writes the digits of each number, from its place on in one direction, the lowest first."""
    while left.size:
        left, digit = np.divmod(left, len(codes))
        data[at] = codes[digit]
        at, left = at[left > 0] + direction, left[left > 0]
