"""Live values: what the last 60 s of a stat come to, as CONTRACT 6 and `docs/live-protocol.md` name them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from stats.aggregation.arithmetic import BOT, CNT, MAX, MIN, SUM, TOP, Floats, combine
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, Page
from stats.aggregation.registry import Process, Stat

Entry = dict[str, Any]


class Kept(NamedTuple):
    """What outlives the rolling minute: the total, the newest value, the average of the newest slot with values."""

    total: float
    last: float
    mean: float


def values(stats: Iterable[Stat], sparks: bool = False) -> Iterator[tuple[Stat, Entry]]:
    """The live fields of each stat, calculated page by page; with `sparks` the last twelve 5-second values too."""
    by_page: defaultdict[Page[Stat], list[Stat]] = defaultdict(list)
    for stat in stats:
        by_page[stat.page].append(stat)
    for page, members in by_page.items():
        rows = np.array([stat.row for stat in members])
        window = page.window(rows)
        merged = combine(window, page.pct[rows]).T.tolist()
        points = _points(window).T.tolist()
        for stat, total, one in zip(members, merged, points, strict=True):
            kept = Kept(float(page.total[stat.row]), float(page.last[stat.row]), float(page.mean[stat.row]))
            fields = entry(stat, total, kept, _covered(stat))
            fields["p"] = one[-1][0 if stat.kind == "c" else 1]
            if sparks:
                fields["spark"] = [point[0 if stat.kind == "c" else 1] for point in one]
            yield stat, fields


def process_entry(process: Process, now: float) -> Entry:
    """The process as a page lists it."""
    return {
        "nam": process.name,
        "state": process.state(now),
        "upt": process.upt,
        "mem": None if process.mem is None else whole(process.mem),
        "cpu": process.cpu,
        "err": process.err,
        "wrn": process.wrn,
        "seen": round(process.seen, 3),
    }


def _covered(stat: Stat) -> float:
    """Seconds that the window of a stat covers: 5 to 60.

    Commits come once a slot, so the current slot counts only when this slot's commit is there; a process that is
    overdue by more than a slot does not stop the clock: its rates fall to zero.
    """
    current = stat.page.slot
    end = stat.process.slot if stat.process.slot >= current - 1 else current
    start = max(current - SLOTS + 1, int(stat.page.first_slot[stat.row]))
    return float(max(end - start + 1, 1) * SLOT_SECONDS)


def _points(window: Floats) -> Any:
    """The sums and averages of each slot, None where it is empty: an object array (2, slots, rows)."""
    present = window[CNT] > 0
    sums = np.where(present, window[SUM], None)
    means = np.where(present, window[SUM] / np.where(present, window[CNT], 1.0), None)
    return np.stack((sums, means))


def entry(stat: Stat, merged: list[float], kept: Kept, covered: float) -> Entry:
    """The live fields of a stat whose last `covered` seconds come to `merged` (the eight fields)."""
    return {**_FIELDS[stat.kind](merged, kept, covered), "emp": stat.emp}


def _counter(merged: list[float], kept: Kept, covered: float) -> Entry:
    return {"total": whole(kept.total), "sum": whole(merged[SUM]), "rate": merged[SUM] / covered}


def _gauge(merged: list[float], kept: Kept, _covered: float) -> Entry:
    return {"last": whole(kept.last), **_spread(merged)}


def _timer(merged: list[float], kept: Kept, covered: float) -> Entry:
    return {
        "last": whole(kept.mean),
        **_spread(merged),
        "bot": whole(merged[BOT]) if merged[CNT] else None,
        "top": whole(merged[TOP]) if merged[CNT] else None,
        "rate": merged[CNT] / covered,
    }


def _spread(merged: list[float]) -> Entry:
    if not merged[CNT]:
        return {"avg": None, "min": None, "max": None}
    return {"avg": merged[SUM] / merged[CNT], "min": whole(merged[MIN]), "max": whole(merged[MAX])}


def whole(number: float) -> float | int:
    """`number` as an int where it is one, so that JSON says 3 and not 3.0."""
    number = float(number)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_FIELDS = {"c": _counter, "g": _gauge, "ms": _timer}
