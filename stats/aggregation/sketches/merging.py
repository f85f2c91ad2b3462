"""The merged sketches of groups of sketches.

Nothing is sorted but runs of buckets, of which a sketch has one or two: the runs of a group, laid over each other, span
a few stretches of keys, each key in them gets a cell, and the counts are added up in the cells.
"""

import numpy as np
from dattss import sketch

from stats.aggregation.arithmetic import Rows
from stats.aggregation.sketches.columns import Sketches, spread, starts_of

_SPAN = 2 * sketch.MOST_KEY + 1  # keys that there are


def merge(parts: Sketches, sizes: Rows) -> Sketches:
    """The sketches of groups: of the first `sizes[0]` ones, of the `sizes[1]` after them, and so on. None of a group
    with a sketch that nobody knows, or without any."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    known = np.bincount(group[parts.sizes > 0], minlength=len(sizes)) == sizes
    known &= sizes > 0
    if known.all():
        return _collapsed(_merged(parts, group, len(sizes)))
    kept = parts.only(known[group])
    names = np.cumsum(known) - 1
    some = _collapsed(_merged(kept, names[group[known[group]]], int(known.sum())))
    return spread(some, known)


def _merged(parts: Sketches, group: Rows, groups: int) -> Sketches:
    """The sketches of `groups` groups; `group` is that of each part, rising, and each has one. None is empty."""
    if not groups:
        return parts
    runs = parts.runs()
    first, last = parts.keys[runs], parts.keys[np.append(runs[1:], len(parts.keys)) - 1]
    # One line of keys for all groups, each on its own stretch of it.
    stretch = group[np.searchsorted(parts.starts, runs, "right") - 1] * _SPAN + sketch.MOST_KEY
    shift, base, origin = _laid_out(stretch + first, stretch + last)
    cells = np.repeat(stretch + shift, np.diff(runs, append=len(parts.keys)))
    cells += parts.keys
    counts = np.bincount(cells, parts.counts, int(base[-1])).astype(np.float64, copy=False)
    names = origin // _SPAN
    keys = np.repeat(origin - base[:-1] - names * _SPAN - sketch.MOST_KEY, np.diff(base))
    keys += np.arange(len(keys))
    # To take out the cells that nobody is in costs more than to keep them, unless there are many.
    merged = Sketches(np.append(base[np.searchsorted(names, np.arange(groups))], base[-1]), keys, counts)
    return merged if len(keys) <= len(parts.keys) else merged.filled()


def _laid_out(lowest: Rows, highest: Rows) -> tuple[Rows, Rows, Rows]:
    """Cells for runs of places on a line, overlapping ones on the same cells.

    Returns what to add to a place of each run for its cell; and of the stretches that the runs cover, their first
    cells (one more entry: the number of cells) and their first places.
    """
    order = np.argsort(lowest, kind="stable")
    low, reach = lowest[order], np.maximum.accumulate(highest[order])
    opens = np.append(True, low[1:] > reach[:-1])
    first = np.flatnonzero(opens)
    origin = low[first]
    base = starts_of(reach[np.append(first[1:], len(low)) - 1] - origin + 1)
    shift = np.empty(len(order), np.int64)
    shift[order] = (base[:-1] - origin)[np.cumsum(opens) - 1]
    return shift, base, origin


def _collapsed(merged: Sketches) -> Sketches:
    """The lowest buckets made one where there are too many, and counts that are too large made the largest."""
    if merged.sizes.max(initial=0) > sketch.MOST_BUCKETS:
        merged = merged.filled()
    excess = np.maximum(merged.sizes - sketch.MOST_BUCKETS, 0)
    starts, keys, counts = merged.starts, merged.keys, merged.counts
    if excess.any():
        place = np.arange(len(keys)) - np.repeat(starts[:-1], merged.sizes)
        kept = place >= np.repeat(excess, merged.sizes)
        lowest = kept & (place == np.repeat(excess, merged.sizes))
        opens = np.flatnonzero((kept & ~lowest) | (place == 0))
        keys, counts = keys[kept], np.add.reduceat(counts, opens)
        starts = starts_of(merged.sizes - excess)
    if counts.max(initial=0) > sketch.MOST_COUNT:
        counts = np.minimum(counts, sketch.MOST_COUNT)
    return Sketches(starts, keys, counts)
