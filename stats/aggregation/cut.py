"""A cut through the live state at the end of a minute: what the flush of that minute needs, copied in a moment.

The event loop only copies columns. What takes long, the 1-minute aggregates and the states of processes, is calculated
from the copies by the thread that writes the files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stats.aggregation import live
from stats.aggregation.arithmetic import BOT, CNT, MAX, MIN, TOP, Floats, Rows, combine
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, Page
from stats.aggregation.partial import KINDS, Aggregate, MinuteRow
from stats.aggregation.registry import Process, Stat
from stats.aggregation.sketch_columns import merge_many

Entry = dict[str, Any]


@dataclass(eq=False)
class PageCut:
    """The rows of a page that are in use: their stats, and copies of their columns. `ring` is (fields, slots, rows);
    `sketches` are those of the minute by place among the stats."""

    minute: int
    stats: list[Stat]
    ring: Floats
    pct: Floats
    total: Floats
    last: Floats
    mean: Floats
    emp: NDArray[np.bool_]
    first_slot: Rows
    sketches: dict[int, list[str]]

    def merged(self) -> Floats:
        """The 1-minute aggregates: (fields, rows); a count of 0 where there were no values."""
        return combine(self.ring, self.pct)

    def put_sketches(self, merged: Floats) -> list[str] | None:
        """The merged sketch of each row, empty where there is none, and `bot` and `top` from it.

        One counts only where it has as many values as there were: else a commit came without, or a client is wrong.
        """
        if not self.sketches:
            return None
        places = np.array(list(self.sketches))
        found = merge_many(list(self.sketches.values()), self.pct[places])
        whole = found.totals == merged[CNT, places]
        known = places[whole]
        lowest, highest = merged[MIN, known], merged[MAX, known]
        merged[BOT, known] = np.clip(found.bot[whole], lowest, highest)
        merged[TOP, known] = np.clip(found.top[whole], lowest, highest)
        texts = [""] * len(self.stats)
        for place, text, right in zip(places.tolist(), found.texts, whole.tolist(), strict=True):
            if right:
                texts[place] = text
        return texts


@dataclass(eq=False)
class Minute:
    """A minute of many stats: `minute` is Unix time divided by 60, `columns` are (fields, stats), `sketches` hold ""
    for a stat without, or are None where no stat has one."""

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
        """The same as rows."""
        sketches = self.sketches or [""] * len(self.stats)
        for stat, values, sketch in zip(self.stats, self.columns.T.tolist(), sketches, strict=True):
            yield minute_row(stat, self.minute, values, sketch)


@dataclass(eq=False)
class Cut:
    """All accounts at the end of a minute. `late` are rows of commits that came in it and belong to minutes before."""

    pages: list[PageCut] = field(default_factory=list)
    late: list[MinuteRow] = field(default_factory=list)
    processes: list[tuple[Process, Entry]] = field(default_factory=list)


def of_page(page: Page[Stat]) -> PageCut | None:
    """A copy of what the page holds of its current minute; None for a page without stats."""
    page.fold()
    rows = np.array([row for row, owner in enumerate(page.owners) if owner is not None], dtype=np.int64)
    if not rows.size:
        return None
    place = {row: number for number, row in enumerate(rows.tolist())}
    return PageCut(
        minute=page.slot // SLOTS,
        stats=[owner for owner in page.owners if owner is not None],
        ring=page.ring[:, : page.slot % SLOTS + 1, rows],
        pct=page.pct[rows],
        total=page.total[rows],
        last=page.last[rows],
        mean=page.mean[rows],
        emp=page.emp[rows],
        first_slot=page.first_slot[rows],
        sketches={place[row]: texts for row, texts in page.take_sketches().items()},
    )


def calculated(cut: Cut) -> tuple[list[Minute], list[tuple[int, str, Entry]]]:
    """The minutes of all stats, and account, process and contents of the `.cur` of each process."""
    minutes: list[Minute] = []
    states = {process: {**entry, "stats": {kind: {} for kind in KINDS}} for process, entry in cut.processes}
    for page in cut.pages:
        merged = page.merged()
        sketches = page.put_sketches(merged)
        minutes.append(Minute(page.minute, page.stats, merged, sketches).select(merged[CNT] > 0))
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
