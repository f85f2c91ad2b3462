"""A cut through the live state at the end of a minute: what the flush of that minute needs, copied in a moment.

The event loop only copies columns. What takes long, the 1-minute aggregates and the states of processes, is calculated
from the copies by the thread that writes the files.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stats.aggregation import live
from stats.aggregation.arithmetic import CNT, Floats, Rows, combine
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, Page
from stats.aggregation.partial import KINDS, Aggregate, Kind, MinuteRow
from stats.aggregation.registry import Process, Stat

Entry = dict[str, Any]


@dataclass(eq=False)
class PageCut:
    """The rows of a page that are in use: their stats, and copies of their columns. `ring` is (fields, slots, rows)."""

    minute: int
    stats: list[Stat]
    ring: Floats
    pct: Floats
    total: Floats
    last: Floats
    mean: Floats
    first_slot: Rows

    def merged(self) -> Floats:
        """The 1-minute aggregates: (fields, rows); a count of 0 where there were no values."""
        return combine(self.ring, self.pct)


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
    return PageCut(
        minute=page.slot // SLOTS,
        stats=[owner for owner in page.owners if owner is not None],
        ring=page.ring[:, : page.slot % SLOTS + 1, rows],
        pct=page.pct[rows],
        total=page.total[rows],
        last=page.last[rows],
        mean=page.mean[rows],
        first_slot=page.first_slot[rows],
    )


def calculated(cut: Cut) -> tuple[list[MinuteRow], list[tuple[int, str, Entry]]]:
    """The rows of the minute, and account, process and contents of the `.cur` of each process."""
    rows: list[MinuteRow] = list(cut.late)
    stats: dict[Process, dict[Kind, Entry]] = {}
    for page in cut.pages:
        merged = page.merged().T.tolist()
        rows.extend(_rows(page, merged))
        for stat, entry in _entries(page, merged):
            stats.setdefault(stat.process, {kind: {} for kind in KINDS})[stat.kind][stat.name] = entry
    states = [
        (process.account.id, process.name, {**entry, "stats": stats.get(process) or {kind: {} for kind in KINDS}})
        for process, entry in cut.processes
    ]
    return rows, states


def _rows(page: PageCut, merged: list[list[float]]) -> Iterator[MinuteRow]:
    for stat, values in zip(page.stats, merged, strict=True):
        if values[CNT]:
            yield minute_row(stat, page.minute, values)


def minute_row(stat: Stat, minute: int, values: list[float]) -> MinuteRow:
    """The row of a stat with these eight fields."""
    total, count, highest, lowest, bot, top, first, last = values
    aggregate = Aggregate(total, int(count), highest, lowest, bot, top, first, last)
    return MinuteRow(stat.process.account.id, stat.process.name, stat.kind, stat.name, minute, aggregate)


def _entries(page: PageCut, merged: list[list[float]]) -> Iterator[tuple[Stat, Entry]]:
    totals, lasts, means = page.total.tolist(), page.last.tolist(), page.mean.tolist()
    begin = page.minute * SLOTS
    slots = begin + page.ring.shape[1] - np.maximum(page.first_slot, begin)
    covered = (np.maximum(slots, 1) * SLOT_SECONDS).tolist()
    for index, stat in enumerate(page.stats):
        kept = live.Kept(totals[index], lasts[index], means[index])
        yield stat, live.entry(stat, merged[index], kept, float(covered[index]))
