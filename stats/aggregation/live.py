"""Live values: what the last 60 s of a stat come to, as CONTRACT 6 and `docs/live-protocol.md` name them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stats.aggregation.arithmetic import BOT, CNT, MAX, MIN, SUM, TOP, Floats, combine
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, Page
from stats.aggregation.partial import KINDS, Kind
from stats.aggregation.registry import Account, Process, Stat

Entry = dict[str, Any]


class Kept(NamedTuple):
    """What outlives the rolling minute of each stat: the total, the newest value, the average of the newest slot with
    values, the emphasis."""

    total: Floats
    last: Floats
    mean: Floats
    emp: NDArray[np.bool_]


def values(stats: Iterable[Stat], sparks: bool = False) -> Iterator[tuple[Stat, Entry]]:
    """The live fields of each stat, calculated page by page; with `sparks` the last twelve 5-second values too."""
    by_page: defaultdict[Page[Stat], list[Stat]] = defaultdict(list)
    for stat in stats:
        by_page[stat.page].append(stat)
    for page, members in by_page.items():
        rows = np.array([stat.row for stat in members])
        window = page.window(rows)
        kept = Kept(page.total[rows], page.last[rows], page.mean[rows], page.emp[rows])
        covered = np.array([_covered(stat) for stat in members])
        found = entries(members, combine(window, page.pct[rows]), kept, covered)
        points = _points(window).T.tolist()
        for stat, fields, one in zip(members, found, points, strict=True):
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


def state(process: Process, now: float) -> Entry:
    """The process as its `.cur` has it, but for its live stats."""
    resting = process.account.resting.of_process(process.name)
    return {**process_entry(process, now), **process.instances.state(), "resting": resting}


def states(account: Account, now: float) -> Iterator[Entry]:
    """Each process of the account as its `.cur` would have it now."""
    stats: dict[Process, dict[Kind, Entry]] = {}
    for stat, entry in values(account.all_stats()):
        del entry["p"]
        stats.setdefault(stat.process, {kind: {} for kind in KINDS})[stat.kind][stat.name] = entry
    for process in account.processes.values():
        yield {**state(process, now), "stats": stats.get(process) or {kind: {} for kind in KINDS}}


def _covered(stat: Stat) -> float:
    """Seconds that the window of a stat covers: up to 60.

    Commits come once a slot, so the current slot counts only when this slot's commit is there; a process that is
    overdue by more than a slot does not stop the clock: its rates fall to zero.
    """
    current = stat.page.slot
    process = stat.process
    prompt = process.slot >= current - 1
    start = max(current - SLOTS + 1, int(stat.page.first_slot[stat.row]))
    slots = max((process.slot if prompt else current) - start + 1, 1)
    # A young process that commits more often than once a slot has not filled its slots yet.
    return min(slots * SLOT_SECONDS, max(process.seen - process.begun, 1.0)) if prompt else slots * SLOT_SECONDS


def _points(window: Floats) -> Any:
    """The sums and averages of each slot, None where it is empty: an object array (2, slots, rows)."""
    present = window[CNT] > 0
    sums = np.where(present, window[SUM], None)
    means = np.where(present, window[SUM] / np.where(present, window[CNT], 1.0), None)
    return np.stack((sums, means))


def entries(stats: Iterable[Stat], merged: Floats, kept: Kept, covered: Floats) -> list[Entry]:
    """The live fields of stats whose last `covered` (stats) seconds come to `merged` (fields, stats)."""
    present = merged[CNT] > 0
    average = merged[SUM] / np.where(present, merged[CNT], 1.0)
    columns = (
        _whole(kept.total),
        _whole(kept.last),
        _whole(kept.mean),
        _whole(merged[SUM]),
        (merged[SUM] / covered).tolist(),
        (merged[CNT] / covered).tolist(),
        _whole(average, present),
        *(_whole(merged[field], present) for field in (MIN, MAX, BOT, TOP)),
    )
    rows = map(_Row._make, zip(*columns, strict=True))
    return [_FIELDS[stat.kind](row, emp) for stat, row, emp in zip(stats, rows, kept.emp.tolist(), strict=True)]


class _Row(NamedTuple):
    total: float
    last: float
    mean: float
    sum: float
    sum_rate: float
    cnt_rate: float
    avg: float | None
    min: float | None
    max: float | None
    bot: float | None
    top: float | None


def _counter(row: _Row, emp: bool) -> Entry:
    return {"total": row.total, "sum": row.sum, "rate": row.sum_rate, "emp": emp}


def _gauge(row: _Row, emp: bool) -> Entry:
    return {"last": row.last, "avg": row.avg, "min": row.min, "max": row.max, "emp": emp}


def _timer(row: _Row, emp: bool) -> Entry:
    return {
        "last": row.mean,
        "avg": row.avg,
        "min": row.min,
        "max": row.max,
        "bot": row.bot,
        "top": row.top,
        "rate": row.cnt_rate,
        "emp": emp,
    }


def _whole(column: Floats, present: NDArray[np.bool_] | None = None) -> list[Any]:
    """As `whole`, for many numbers; None where none is `present`."""
    ints = (column == np.rint(column)) & (np.abs(column) < 2**53)
    mixed = column.astype(object)
    mixed[ints] = column[ints].astype(np.int64)
    if present is not None:
        mixed[~present] = None
    return mixed.tolist()  # type: ignore[no-any-return]


def whole(number: float) -> float | int:
    """`number` as an int where it is one, so that JSON says 3 and not 3.0."""
    number = float(number)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_FIELDS = {"c": _counter, "g": _gauge, "ms": _timer}
