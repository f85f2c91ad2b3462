"""Sketches in columns: the buckets of many side by side, and what can be asked of all of them at once.

They agree with `dattss.sketch`, which has them one by one, to the last bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from dattss import sketch

from stats.aggregation.arithmetic import Flags, Floats, Rows

JUMP = 64  # a larger gap between two keys begins a new run: no cells are laid out for it

_PARTS = 10**9  # of which shares are counted


@dataclass(frozen=True, eq=False)
class Sketches:
    """Several sketches: number n has the buckets `keys[starts[n]:starts[n + 1]]`, in order, and in each of them
    `counts` values.

    `starts` has one entry more than there are sketches. One without buckets is of nothing that anybody could know.
    Buckets may be without values.
    """

    starts: Rows
    keys: Rows
    counts: Floats
    leaps: Rows | None = None  # buckets far beyond the one before in the same sketch, where that is known

    @property
    def sizes(self) -> Rows:
        """The number of buckets of each."""
        return np.diff(self.starts)

    def totals(self) -> Rows:
        """The number of values of each."""
        return np.diff(self._passed[self.starts])

    @cached_property
    def _passed(self) -> Rows:
        """How many values lie before each bucket, and in all; where that runs over, differences are right still."""
        return starts_of(self.counts.astype(np.int64))

    def only(self, wanted: Flags) -> "Sketches":
        """Those that are wanted, and no others."""
        if wanted.all():
            return self
        inside = np.repeat(wanted, self.sizes)
        return Sketches(starts_of(self.sizes[wanted]), self.keys[inside], self.counts[inside])

    def filled(self) -> "Sketches":
        """The same without buckets that have no values."""
        used = np.flatnonzero(self.counts)
        return Sketches(np.searchsorted(used, self.starts), self.keys[used], self.counts[used])

    def runs(self) -> Rows:
        """Where a run of buckets begins: with each sketch (none may be empty), and after a gap that is no small one."""
        firsts = self.starts[:-1]
        if self.leaps is not None:
            return np.sort(np.concatenate((firsts, self.leaps)))
        begins = np.diff(self.keys, prepend=0) > JUMP
        begins[firsts] = True
        return np.flatnonzero(begins)

    def at_ranks(self, ranks: Rows) -> Floats:
        """The values at the places `ranks` (k, sketches), from 0, among all values in order; 0 where there are none."""
        some = np.flatnonzero(self.sizes)
        passed, wanted = self._passed, ranks[:, some]
        low, high = (np.broadcast_to(edge, wanted.shape) for edge in (self.starts[some], self.starts[some + 1] - 1))
        wanted = wanted + passed[low]
        while (low < high).any():
            middle = (low + high) // 2
            reached = passed[middle + 1] - wanted > 0
            high = np.where(reached, middle, high)
            low = np.where(reached, low, np.minimum(middle + 1, high))
        found = np.zeros(ranks.shape)
        found[:, some] = _values(self.keys[low])
        return found

    def tails(self, pct: float | Floats) -> Floats:
        """`bot` and `top` of each, (2, sketches): the values at the positions `pct` times the count from either end."""
        totals = self.totals()
        cut = (pct * totals).astype(np.int64)
        return self.at_ranks(np.array([cut, totals - 1 - cut]))

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """The values at the positions `share` times one less than the count, rounded down: (shares, sketches).

        Shares count to nine decimals, in whole numbers: as a double 0.29 is a little less, and falls a place short.
        """
        parts = np.rint(np.array(shares) * _PARTS).astype(np.int64)[:, None]
        whole, rest = np.divmod(self.totals() - 1, _PARTS)
        return self.at_ranks(whole * parts + rest * parts // _PARTS)


def nothing(number: int) -> Sketches:
    """So many sketches that nobody knows."""
    return Sketches(np.zeros(number + 1, np.int64), np.zeros(0, np.int64), np.zeros(0))


def spread(some: Sketches, places: Flags) -> Sketches:
    """The sketches at the places that are True, and none at the others."""
    sizes = np.zeros(len(places), np.int64)
    sizes[places] = some.sizes
    return Sketches(starts_of(sizes), some.keys, some.counts)


def starts_of(sizes: Rows) -> Rows:
    """Where each begins that has so many buckets, and where the last one ends."""
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _values(keys: Rows) -> Floats:
    different, place = np.unique(keys, return_inverse=True)
    values = np.array([sketch.value_of(key) for key in different.tolist()], np.float64)
    return values[place]
