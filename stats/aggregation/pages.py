"""The rolling minute: 5-second partials of many stats in columns.

A page holds the rings of up to `SIZE` stats in one array of the shape (fields, 12 slots, stats): 768 bytes a stat,
whatever its event rate. Slot numbers are Unix time divided by 5, so twelve of them that begin at a multiple of 12 are
one clock minute, and before the first slot of a new minute opens, the ring holds just the minute before: `cut` copies
it then.

What arrives is collected and folded in batches, since one operation on many rows costs as much as on one; batches are
small enough that nobody waits for one.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from stats.aggregation.arithmetic import CNT, FIELDS, LST, SUM, Floats, Rows, combine
from stats.aggregation.partial import DEFAULT_PCT

SLOT_SECONDS = 5
SLOTS = 12  # a minute
SIZE = 4096
_WAVE = 64  # most parts of one stat that are merged at once; bounds the memory of a batch with many repeats
_BATCH = 512 * (FIELDS + 1)  # numbers of collected partials; to fold them takes some 0.3 ms
_NEVER = -(10**9)

Owner = TypeVar("Owner")


def slot_of(at: float) -> int:
    """The number of the 5-second slot that holds the Unix time `at`."""
    return int(at // SLOT_SECONDS)


class Page(Generic[Owner]):
    """The rings of `SIZE` stats, and beside them what outlives a ring: totals, the last value, first and last slot.

    `owners` tells whose row it is. `before_change` is called, once, before slots of the last minute but its first one,
    or rows that are free, get other values: a cut may still have to copy them.
    """

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.ring = np.zeros((FIELDS, SLOTS, SIZE))
        self.pct = np.full(SIZE, DEFAULT_PCT)
        self.total = np.zeros(SIZE)
        self.last = np.zeros(SIZE)  # newest value
        self.mean = np.zeros(SIZE)  # average of the newest slot that had values
        self.first_slot = np.full(SIZE, slot)
        self.last_slot = np.full(SIZE, _NEVER)
        self.owners: list[Owner | None] = [None] * SIZE
        self.before_change: Callable[[], None] | None = None
        self._free = list(range(SIZE - 1, -1, -1))
        self._pending = array("d")

    @property
    def full(self) -> bool:
        return not self._free

    def take_row(self, slot: int) -> int:
        """A free row for a stat that appears in `slot`; the caller enters its owner. Raises IndexError when full."""
        self.settle()
        row = self._free.pop()
        self.total[row] = self.last[row] = self.mean[row] = 0.0
        self.first_slot[row], self.last_slot[row] = slot, _NEVER
        self.pct[row] = DEFAULT_PCT
        self.ring[CNT, :, row] = 0.0
        return row

    def give_back(self, row: int) -> None:
        """Frees the row of a stat that is gone."""
        self.fold()  # what was collected for it must not go to its next owner
        self.owners[row] = None
        self._free.append(row)

    def add(self, row: int, values: Sequence[float]) -> None:
        """Collects the eight fields of a partial that belongs into the current slot."""
        self._pending.append(row)
        self._pending.extend(values)
        if len(self._pending) >= _BATCH:
            self.fold()

    def add_earlier(self, row: int, slot: int, values: Sequence[float]) -> None:
        """Merges a partial into an earlier slot of the current minute."""
        self.fold()
        self._fold_into(slot, np.array([row]), np.array(values, dtype=float)[:, None])

    def fold(self) -> None:
        """Merges what was collected into the current slot."""
        if not self._pending:
            return
        batch = np.frombuffer(self._pending).reshape(-1, FIELDS + 1)
        self._pending = array("d")
        self._fold_into(self.slot, batch[:, 0].astype(np.int64), batch[:, 1:].T)

    def advance(self, slot: int) -> None:
        """Opens `slot`. Where it lies back the clock was set, and the page goes on from there with an empty ring."""
        self.fold()
        emptied = np.arange(max(self.slot + 1, slot - SLOTS + 1), slot + 1) if slot >= self.slot else np.arange(SLOTS)
        if (emptied % SLOTS).any():
            self.settle()
        self.ring[CNT, emptied % SLOTS] = 0.0
        self.slot = slot

    def settle(self) -> None:
        """Lets the last cut copy what it still needs."""
        act, self.before_change = self.before_change, None
        if act is not None:
            act()

    def window(self, rows: Rows) -> Floats:
        """The partials of the last 60 s of some rows, oldest slot first: (fields, slots, rows)."""
        self.fold()
        order = (np.arange(SLOTS) + self.slot + 1) % SLOTS
        return self.ring[:, order[:, None], rows]

    def _fold_into(self, slot: int, rows: Rows, values: Floats) -> None:
        np.add.at(self.total, rows, values[SUM])
        while rows.size:
            rows, values = self._fold_wave(slot, rows, values)

    def _fold_wave(self, slot: int, rows: Rows, values: Floats) -> tuple[Rows, Floats]:
        """Merges up to `_WAVE` parts of each row, in their order, into the slot; returns what is left over."""
        ring = self.ring[:, slot % SLOTS]
        touched = np.unique(rows)
        known = touched[ring[CNT, touched] > 0]
        rows, values = np.concatenate((known, rows)), np.concatenate((ring[:, known], values), axis=1)
        order = np.argsort(rows, kind="stable")
        rows, values = rows[order], values[:, order]
        starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        group = np.repeat(np.arange(starts.size), np.diff(np.append(starts, rows.size)))
        place = np.arange(rows.size) - starts[group]
        now = place < _WAVE
        parts = np.zeros((FIELDS, int(place[now].max()) + 1, starts.size))
        parts[:, place[now], group[now]] = values[:, now]
        self._store(slot, rows[starts], combine(parts, self.pct[rows[starts]]))
        return rows[~now], values[:, ~now]

    def _store(self, slot: int, rows: Rows, merged: Floats) -> None:
        self.ring[:, slot % SLOTS, rows] = merged
        newest = rows[self.last_slot[rows] <= slot]
        chosen = merged[:, self.last_slot[rows] <= slot]
        self.last[newest] = chosen[LST]
        self.mean[newest] = chosen[SUM] / chosen[CNT]
        self.last_slot[newest] = slot
