"""A cut through the live state at the end of a minute: what the flush of that minute needs, copied in a moment.

The event loop only copies columns, and of the rings at first only the slot that the next minute begins with: to copy
all of them would keep commits waiting. `complete` copies the rest, page by page, before the flush; where that rest is
about to change, the page asks for it (`Page.before_change`). What takes long, the 1-minute aggregates and the states of
processes, is calculated from the copies by the thread that writes the files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stats.aggregation import live
from stats.aggregation.arithmetic import BOT, CNT, FIELDS, MAX, MIN, TOP, Floats, Rows, combine
from stats.aggregation.pages import SIZE, SLOT_SECONDS, SLOTS, Page
from stats.aggregation.partial import KINDS, Aggregate, MinuteRow
from stats.aggregation.registry import Process, Stat
from stats.aggregation.sketches.batches import merge_many

Entry = dict[str, Any]


@dataclass(eq=False)
class PageCut:
    """The rows of a page that are in use: their stats, and copies of their columns. `ring` is (fields, slots, rows); it
    is whole after `complete`. `sketches` are those of the minute by row, each of one partial, but in `early` rows."""

    minute: int
    stats: list[Stat]
    rows: Rows
    ring: Floats
    pct: Floats
    total: Floats
    last: Floats
    mean: Floats
    emp: NDArray[np.bool_]
    first_slot: Rows
    sketches: dict[int, list[str]]
    early: set[int]
    _page: Page[Stat] | None = None

    def complete(self) -> None:
        """Copies what has not been copied yet. Called by the thread of the page."""
        page, self._page = self._page, None
        if page is not None:
            self.ring[:, 1:] = page.ring[:, 1 : self.ring.shape[1], self.rows]

    def aggregates(self) -> tuple[Floats, list[str] | None]:
        """The 1-minute aggregates, (fields, rows), with a count of 0 where there were no values; and the merged sketch
        of each row, empty where there is none, or None where no row has one.

        A sketch counts only where it has as many values as there were: else a commit came without, or a client is off.
        Of a minute's only partial the client knows `bot` and `top` exactly, which no sketch does.
        """
        if not self.sketches:
            return combine(self.ring, self.pct), None
        places = np.searchsorted(self.rows, list(self.sketches))
        found = merge_many(list(self.sketches.values()), self.pct[places])
        whole = found.totals == self.ring[CNT][:, places].sum(axis=0)
        several = [len(texts) > 1 or row in self.early for row, texts in self.sketches.items()]
        told = whole & several
        known = places[told]
        unknown = np.ones(self.rows.size, bool)
        unknown[known] = False
        merged = combine(self.ring, self.pct, unknown)
        lowest, highest = merged[MIN, known], merged[MAX, known]
        merged[BOT, known] = np.clip(found.bot[told], lowest, highest)
        merged[TOP, known] = np.clip(found.top[told], lowest, highest)
        texts = [""] * self.rows.size
        for place, text, right in zip(places.tolist(), found.texts, whole.tolist(), strict=True):
            if right:
                texts[place] = text
        return merged, texts


@dataclass(eq=False)
class Minute:
    """A minute of many stats: `minute` is Unix time divided by 60, `columns` are (fields, stats), with a count of 0 for
    a stat without values, `sketches` hold "" for a stat without, or are None where no stat has one."""

    minute: int
    stats: list[Stat]
    columns: Floats
    sketches: list[str] | None = None

    def select(self, chosen: NDArray[np.bool_]) -> "Minute":
        """The same of some stats only."""
        if chosen.all():
            return self
        places = np.flatnonzero(chosen).tolist()
        sketches = None if self.sketches is None else [self.sketches[place] for place in places]
        return Minute(self.minute, [self.stats[place] for place in places], self.columns[:, chosen], sketches)

    def rows(self) -> Iterator[MinuteRow]:
        """The same as rows, of those that had values."""
        sketches = self.sketches or [""] * len(self.stats)
        for stat, values, sketch in zip(self.stats, self.columns.T.tolist(), sketches, strict=True):
            if values[CNT]:
                yield minute_row(stat, self.minute, values, sketch)


@dataclass(eq=False)
class Cut:
    """All accounts at the end of a `minute` (Unix time / 60), or, where it is not `whole`, a part of one.

    `late` are rows of commits that came in it and belong to minutes before; `removed` are account and name of processes
    that left in it, and may be among `processes` again. `heard`: when a commit of each of the processes came last.
    """

    pages: list[PageCut] = field(default_factory=list)
    late: list[MinuteRow] = field(default_factory=list)
    processes: list[tuple[Process, Entry]] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    removed: list[tuple[int, str]] = field(default_factory=list)
    minute: int = 0
    whole: bool = False

    def complete(self) -> Iterator[None]:
        """Copies what has not been copied yet, a page each step. Called by the thread of the engine, before
        `calculated`."""
        for page in self.pages:
            page.complete()
            yield


def of_page(page: Page[Stat]) -> PageCut | None:
    """A copy of what the page holds of its current minute; None for a page without stats."""
    page.settle()
    page.fold()
    stats = [owner for owner in page.owners if owner is not None]
    if not stats:
        return None
    rows = np.arange(SIZE)
    if len(stats) < SIZE:
        rows = np.array([row for row, owner in enumerate(page.owners) if owner is not None])
    ring = np.empty((FIELDS, page.slot % SLOTS + 1, rows.size))
    ring[:, 0] = page.ring[:, 0, rows]
    sketches, early = page.take_sketches()
    cut = PageCut(
        minute=page.slot // SLOTS,
        stats=stats,
        rows=rows,
        ring=ring,
        pct=page.pct[rows],
        total=page.total[rows],
        last=page.last[rows],
        mean=page.mean[rows],
        emp=page.emp[rows],
        first_slot=page.first_slot[rows],
        sketches=sketches,
        early=early,
        _page=page,
    )
    page.before_change = cut.complete
    return cut


Calculated = tuple[list[Minute], list[tuple[int, str, Entry]]]


def calculated(cut: Cut) -> Calculated:
    """The minutes of all live stats, and account, process and contents of the `.cur` of each process, from a cut that
    is complete."""
    minutes: list[Minute] = []
    states = {process: {**entry, "stats": {kind: {} for kind in KINDS}} for process, entry in cut.processes}
    for page in cut.pages:
        merged, sketches = page.aggregates()
        minutes.append(Minute(page.minute, page.stats, merged, sketches))
        for stat, entry in zip(page.stats, _entries(page, merged), strict=True):
            states[stat.process]["stats"][stat.kind][stat.name] = entry
    return minutes, [(process.account.id, process.name, state) for process, state in states.items()]


def minute_row(stat: Stat, minute: int, values: list[float], sketch: str = "") -> MinuteRow:
    """The row of a stat with these eight fields."""
    total, count, highest, lowest, bot, top, first, last = values
    aggregate = Aggregate(total, int(count), highest, lowest, bot, top, first, last, sketch)
    return MinuteRow(stat.process.account.id, stat.process.name, stat.kind, stat.name, minute, aggregate)


def _entries(page: PageCut, merged: Floats) -> list[Entry]:
    begin = page.minute * SLOTS
    slots = begin + page.ring.shape[1] - np.maximum(page.first_slot, begin)
    kept = live.Kept(page.total, page.last, page.mean, page.emp)
    return live.entries(page.stats, merged, kept, np.maximum(slots, 1.0) * SLOT_SECONDS)
