"""Merging partial aggregates, for many stats at a time, in columns."""

import numpy as np
from numpy.typing import NDArray

from stats.aggregation import mixture

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

# The order of the fields, the same as in a `.prt` line.
SUM, CNT, MAX, MIN, BOT, TOP, FST, LST = range(8)
FIELDS = 8


def combine(parts: Floats, pct: Floats, unknown: Flags | None = None) -> Floats:
    """One aggregate a stat from its parts.

    `parts` has the shape (fields, parts, stats), the parts in the order of time; a count of 0 marks an absent part.
    `pct` (stats) is the share of values beyond `bot` and `top`. Returns (fields, stats); a stat without parts is all 0.
    Exact but for `bot` and `top`, which are estimated where several parts differ (`mixture`); of the stats that are not
    `unknown` the caller knows better, and they are left as they come.
    """
    present = parts[CNT] > 0
    merged = np.zeros((FIELDS, parts.shape[2]))
    merged[CNT] = np.where(present, parts[CNT], 0.0).sum(axis=0)
    some = merged[CNT] > 0
    merged[SUM] = np.where(present, parts[SUM], 0.0).sum(axis=0)
    merged[MAX] = np.where(some, np.where(present, parts[MAX], -np.inf).max(axis=0), 0.0)
    merged[MIN] = np.where(some, np.where(present, parts[MIN], np.inf).min(axis=0), 0.0)
    first = present.argmax(axis=0)
    last = parts.shape[1] - 1 - present[::-1].argmax(axis=0)
    stats = np.arange(parts.shape[2])
    merged[FST] = np.where(some, parts[FST, first, stats], 0.0)
    merged[LST] = np.where(some, parts[LST, last, stats], 0.0)
    # With one part its own tails hold; where all values are equal the maximum is also each tail.
    single = first == last
    merged[BOT] = np.where(some & single, parts[BOT, first, stats], merged[MAX])
    merged[TOP] = np.where(some & single, parts[TOP, first, stats], merged[MAX])
    several = some & ~single & (merged[MAX] > merged[MIN])
    spread = np.flatnonzero(several if unknown is None else several & unknown)
    if spread.size:
        merged[BOT, spread], merged[TOP, spread] = _tails(parts[:, :, spread], pct[spread])
    return merged


def _tails(parts: Floats, pct: Floats) -> tuple[Floats, Floats]:
    """The estimated `bot` and `top` of each stat."""
    bot, top = mixture.estimate(parts[[CNT, MIN, BOT, TOP, MAX]], pct, (pct, 1.0 - pct))
    return bot, top
