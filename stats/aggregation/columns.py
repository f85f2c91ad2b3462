"""Many aggregates merged at once: the arithmetic of `partial.merge` on columns.

A block is an array of the shape (8, rows, parts): the eight numbers of `Aggregate`, for each row the parts that become
one, in the order of time. An absent part is zero throughout; its `cnt` of 0 is what marks it.
"""

from collections.abc import Sequence
from itertools import starmap

import numpy as np

from stats.aggregation import mixture
from stats.aggregation.mixture import Floats
from stats.aggregation.partial import DEFAULT_PCT, Aggregate

FIELDS = ("sum", "cnt", "max", "min", "bot", "top", "fst", "lst")
SUM, CNT, MAX, MIN, BOT, TOP, FST, LST = range(8)


def merged(block: Floats) -> Floats:
    """One aggregate a row, as an array of the shape (8, rows); zeros for a row without parts.

    Everything but `bot` and `top` is exact; those are estimated (`mixture`) where a row has more than one part.
    """
    present = block[CNT] > 0
    filled = present.any(axis=1)
    row = np.arange(block.shape[1])
    result = np.zeros(block.shape[:2])
    with np.errstate(over="ignore", invalid="ignore"):
        result[SUM] = np.nan_to_num(block[SUM].sum(axis=1))  # out of the range of a double: the largest one
    result[CNT] = block[CNT].sum(axis=1)
    result[MAX] = np.where(filled, np.where(present, block[MAX], -np.inf).max(axis=1), 0.0)
    result[MIN] = np.where(filled, np.where(present, block[MIN], np.inf).min(axis=1), 0.0)
    first = present.argmax(axis=1)
    last = present.shape[1] - 1 - present[:, ::-1].argmax(axis=1)
    result[FST] = block[FST, row, first]
    result[LST] = block[LST, row, last]
    result[BOT] = block[BOT, row, first]
    result[TOP] = block[TOP, row, first]
    _estimate(block, result, present.sum(axis=1) > 1)
    return result


def _estimate(block: Floats, result: Floats, several: np.ndarray) -> None:
    """Puts `bot` and `top` into `result` for the rows that have several parts."""
    even = several & (result[MIN] == result[MAX])
    result[BOT:FST, even] = result[MIN, even]
    rows = np.flatnonzero(several & ~even)
    if rows.size == 0:
        return
    twice = np.concatenate((rows, rows))
    parts = {FIELDS[field]: block[field, twice] for field in (CNT, MIN, BOT, TOP, MAX)}
    quantile = np.repeat((DEFAULT_PCT, 1.0 - DEFAULT_PCT), rows.size)
    estimates = mixture.estimate(parts, np.full(twice.size, DEFAULT_PCT), quantile)
    result[BOT, rows], result[TOP, rows] = estimates[: rows.size], estimates[rows.size :]


def merge_many(groups: Sequence[Sequence[Aggregate]]) -> list[Aggregate]:
    """`partial.merge` of each group, in a few array operations for all of them. No group may be empty."""
    if not groups:
        return []
    block = np.zeros((len(FIELDS), len(groups), max(map(len, groups))))
    for row, parts in enumerate(groups):
        block[:, row, : len(parts)] = np.array([part[:8] for part in parts]).T
    columns = merged(block).tolist()
    columns[CNT] = [int(count) for count in columns[CNT]]
    aggregates = starmap(Aggregate, zip(*columns, strict=True))
    return [parts[0] if len(parts) == 1 else one for parts, one in zip(groups, aggregates, strict=True)]
