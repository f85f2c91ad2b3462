"""The rolling minute: 5-second partials of many stats in columns.

A page holds the rings of up to `SIZE` stats in one array of the shape (fields, 12 slots, stats): 768 bytes a stat,
whatever its event rate. Slot numbers are Unix time divided by 5, so twelve of them that begin at a multiple of 12 are
one clock minute, and before the first slot of a new minute opens, the ring holds just the minute before: `cut` copies
it then.

What arrives is collected and folded in batches, since one operation on many rows costs as much as on one; batches are
small enough that nobody waits for one. Sketches of the clock minute are kept as they come, and merged when the minute
is calculated, or before, where they grow too large.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, takewhile
from typing import Generic, TypeVar

import numpy as np

from stats.aggregation.arithmetic import CNT, FIELDS, LST, SUM, Floats, Rows, combine
from stats.aggregation.partial import DEFAULT_PCT
from stats.aggregation.sketches.batches import merge_many

SLOT_SECONDS = 5
SLOTS = 12  # a minute
SIZE = 4096
PCT, EMP = FIELDS, FIELDS + 1  # what a partial has behind its eight fields
COLUMNS = FIELDS + 2
MOST_SKETCHES = 16 << 20  # bytes of a page's sketches, before those of a row are merged early
MERGE_STEP = 1 << 20  # bytes that come between two such merges
MOST_MERGED = 2 << 20  # bytes that are merged at once: that takes some 25 ms
TEXT_BYTES = 64  # of a text beside its characters
_WAVE = 64  # most parts of one stat that are merged at once; bounds the memory of a batch with many repeats
_NEVER = -(10**9)
_FREE = 2**62  # first slot of a row that nobody has

Owner = TypeVar("Owner")
Texts = Sequence[str | None]


def slot_of(at: float) -> int:
    """The number of the 5-second slot that holds the Unix time `at`."""
    return int(at // SLOT_SECONDS)


class Page(Generic[Owner]):
    """The rings of `SIZE` stats, and beside them what outlives a ring: totals, the last value, first and last slot.

    `owners` tells whose row it is; `sketches` are those of the current clock minute by row. `before_change` is called,
    once, before slots of the last minute but its first one, or rows that are free, get other values: a cut may still
    have to copy them.
    """

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.ring = np.zeros((FIELDS, SLOTS, SIZE))
        self.pct = np.full(SIZE, DEFAULT_PCT)
        self.emp = np.zeros(SIZE, bool)
        self.total = np.zeros(SIZE)
        self.last = np.zeros(SIZE)  # newest value
        self.mean = np.zeros(SIZE)  # average of the newest slot that had values
        self.first_slot = np.full(SIZE, _FREE)
        self.last_slot = np.full(SIZE, _NEVER)
        self.owners: list[Owner | None] = [None] * SIZE
        self.sketches: dict[int, list[str]] = {}
        self.sketch_bytes = 0
        self._early: set[int] = set()
        self._merge_over = MOST_SKETCHES
        self.before_change: Callable[[], None] | None = None
        self._free = list(range(SIZE - 1, -1, -1))
        self._rows: list[Rows] = []
        self._values: list[bytes] = []
        self._single_rows: list[int] = []
        self._single_values: list[float] = []

    @property
    def full(self) -> bool:
        return not self._free

    @property
    def empty(self) -> bool:
        return len(self._free) == SIZE

    @property
    def nbytes(self) -> int:
        """The size of the columns."""
        columns = (self.ring, self.pct, self.emp, self.total, self.last, self.mean, self.first_slot, self.last_slot)
        return sum(column.nbytes for column in columns)

    def take_row(self, slot: int, owner: Owner, number: float = 0.0, emp: bool = False) -> int:
        """A row for a stat that appears in `slot` and goes on from `number`. Raises IndexError when full."""
        self.settle()
        row = self._free.pop()
        self.owners[row] = owner
        self.total[row] = self.last[row] = self.mean[row] = number
        self.first_slot[row], self.last_slot[row] = slot, _NEVER
        self.pct[row] = DEFAULT_PCT
        self.emp[row] = emp
        self.ring[CNT, :, row] = 0.0
        return row

    def release_row(self, row: int) -> None:
        """Gives a row back whose ring is empty."""
        self.owners[row] = None
        self.first_slot[row] = _FREE
        self._free.append(row)

    def idle(self, slot: int) -> list[int]:
        """The rows in use that have had no value since `slot`."""
        newest = np.maximum(self.last_slot, self.first_slot)
        return np.flatnonzero(newest < slot).tolist()

    # --- values in ------------------------------------------------------------------------------------------------

    def add(self, rows: Rows, values: bytes, sketches: Texts | None) -> None:
        """Collects partials that belong into the current slot: `COLUMNS` doubles and a text or None of each row."""
        self._rows.append(rows)
        self._values.append(values)
        if sketches is not None:
            self._keep(rows, sketches)

    def add_singles(self, rows: tuple[int, ...], values: tuple[float, ...]) -> None:
        """Collects values that are partials by themselves and belong into the current slot."""
        self._single_rows += rows
        self._single_values += values

    def add_earlier(self, rows: Rows, slot: int, values: bytes, sketches: Texts | None) -> None:
        """Merges partials into an earlier slot of the current minute."""
        self.fold()
        self._fold_into(slot, rows, columns_of(values))
        if sketches is not None:
            self._keep(rows, sketches)

    def fold(self) -> None:
        """Merges what was collected into the current slot."""
        if self._single_rows:
            self.add(np.array(self._single_rows), partials_of(self._single_values), None)
            self._single_rows, self._single_values = [], []
        if not self._rows:
            return
        rows, values = np.concatenate(self._rows), columns_of(b"".join(self._values))
        self._rows, self._values = [], []
        self._fold_into(self.slot, rows, values)

    def advance(self, slot: int) -> None:
        """Opens `slot`. Where it lies back the clock was set, and the page goes on from there with an empty ring."""
        self.fold()
        if slot < self.slot:
            # Slots that are still to come would count as the newest until the clock has reached them once more.
            self.last_slot = np.minimum(self.last_slot, slot - SLOTS)
            self.first_slot = np.where(self.first_slot == _FREE, _FREE, np.minimum(self.first_slot, slot))
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

    # --- and out --------------------------------------------------------------------------------------------------

    def window(self, rows: Rows) -> Floats:
        """The partials of the last 60 s of some rows, oldest slot first: (fields, slots, rows)."""
        self.fold()
        order = (np.arange(SLOTS) + self.slot + 1) % SLOTS
        return self.ring[:, order[:, None], rows]

    def take_sketches(self) -> tuple[dict[int, list[str]], set[int]]:
        """The sketches of the minute by row, and the rows of which some were merged early; the page begins anew."""
        taken, self.sketches = self.sketches, {}
        early, self._early = self._early, set()
        self.sketch_bytes = 0
        self._merge_over = MOST_SKETCHES
        return taken, early

    def _keep(self, rows: Rows, texts: Texts) -> None:
        sketches = self.sketches
        size = 0
        for row, text in zip(rows.tolist(), texts, strict=True):
            if text is None:
                continue
            size += len(text) + TEXT_BYTES
            if row in sketches:
                sketches[row].append(text)
            else:
                sketches[row] = [text]
        self.sketch_bytes += size
        if self.sketch_bytes > self._merge_over:
            self._merge_sketches()
            self._merge_over = max(MOST_SKETCHES, self.sketch_bytes + MERGE_STEP)

    def _merge_sketches(self) -> None:
        """Merges those of the rows that have most, into one text a row; a bounded number of bytes, since somebody waits
        for it.

        A row whose sketches do not go together keeps an empty one, and its minute is estimated.
        """
        several = [row for row, texts in self.sketches.items() if len(texts) > 1]
        several.sort(key=lambda row: len(self.sketches[row]), reverse=True)
        room = MOST_MERGED
        parts: dict[int, list[str]] = {}
        for row in several:
            if room <= 0:
                break
            parts[row] = _first(self.sketches[row], room)
            room -= _size(parts[row])
        for (row, texts), text in zip(parts.items(), merge_many([*parts.values()], DEFAULT_PCT).texts, strict=True):
            self.sketch_bytes += _size([text]) - _size(texts)
            self.sketches[row][: len(texts)] = [text]
        self._early.update(parts)

    def _fold_into(self, slot: int, rows: Rows, values: Floats) -> None:
        np.add.at(self.total, rows, values[SUM])
        self.pct[rows] = values[PCT]
        self.emp[rows] = values[EMP]
        values = values[:FIELDS]
        if np.bincount(rows).max() > 1:
            while rows.size:
                rows, values = self._fold_wave(slot, rows, values)
            return
        held = self.ring[:, slot % SLOTS, rows]
        if held[CNT].any():
            values = combine(np.stack((held, values), axis=1), self.pct[rows])
        self._store(slot, rows, values)

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


def partials_of(values: list[float]) -> bytes:
    """A partial of each value by itself: `COLUMNS` doubles."""
    partials = np.repeat(np.array(values, float), COLUMNS).reshape(-1, COLUMNS)
    partials[:, CNT], partials[:, PCT], partials[:, EMP] = 1.0, DEFAULT_PCT, 0.0
    return partials.tobytes()


def columns_of(values: bytes) -> Floats:
    """The numbers of partials as columns: (`COLUMNS`, partials)."""
    return np.frombuffer(values).reshape(-1, COLUMNS).T


def _first(texts: list[str], room: int) -> list[str]:
    """As many of the texts as have so many bytes, and two at least."""
    ends = accumulate(len(text) + TEXT_BYTES for text in texts)
    return texts[: max(2, sum(1 for _ in takewhile(room.__ge__, ends)))]


def _size(texts: list[str]) -> int:
    return sum(len(text) + TEXT_BYTES for text in texts)
