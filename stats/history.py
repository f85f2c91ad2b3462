"""Today, the week's average and the usual band: what the plot of a stat and the day API show.

A day is the viewer's local day, cut into bins of `step` minutes that follow its elapsed minutes, so that a day on which
clocks change has more or fewer of them. Bins of other days are found by wall-clock time: an hour that comes twice today
is compared with the one hour of the days before, and an hour that came twice on a day before counts with its first
pass.
"""

import datetime as dt
import math
import os
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from stats.aggregation import typical
from stats.aggregation.arithmetic import CNT, FIELDS, SUM, Flags, Floats, Rows
from stats.aggregation.groups import FIELD_NAMES
from stats.aggregation.localday import DAY_MINUTES, LocalDay, Minutes, bins, days_before, first_at, local_day
from stats.aggregation.partial import Kind
from stats.aggregation.sketches.letters import END, Bytes
from stats.aggregation.spans import Bins, Span
from stats.storage.day_cache import DayCache, Signed
from stats.storage.day_table import DayTable
from stats.storage.lru import Lru
from stats.storage.paths import Stat, process_dir, stat_of

Point = dict[str, Any]  # numbers, and with shares asked for the list `q`
Points = list[Point | None]

WEEK = 7  # days before the shown one
WEEKDAYS = (28, 21, 14)  # how many days ago it was the same weekday, beyond the week
DEFAULT_STEP = 5  # minutes
WITNESSES = 8  # stats of a process that are asked whether it was there

_EPOCH = dt.date(1970, 1, 1).toordinal()
_YEARS = range(2000, 2200)
_MOST_SHARES = 9
_SHARE = re.compile(r"[01]|[01]?\.[0-9]{1,9}")
_WHOLE = 2.0**53  # beyond it a double no longer tells whole numbers apart
_tables = DayCache(limit=48 << 20)
_Result = TypeVar("_Result", bound=tuple[Points, ...])


class HistoryError(ValueError):
    """What was asked for makes no sense; the message is a sentence for the one who asked."""


@dataclass(frozen=True)
class View:
    """The local day that is looked at, in which zone, in bins of how many minutes, and at which `shares` of the values
    (0 to 1) quantiles are wanted."""

    day: dt.date
    zone: ZoneInfo
    step: int = DEFAULT_STEP
    shares: tuple[float, ...] = ()


@dataclass(frozen=True)
class DayHistory:
    """Three lists with an entry for each bin of the day, or None where there is nothing to say. Shared: do not change.

    `start` is the Unix time of the first bin, `step` the bins' width in minutes (the last may be shorter). Each entry
    has `t`, the Unix time of its bin. `today`: `sum cnt avg max min bot top fst lst`. `week`: the means of the same
    over those of the 7 days before that have values there (`avg`: of all their values), and how many, `days`.
    `typical`: `low mid high` of the plotted value (a counter's `sum`, else `avg`) over the same days, and `days`; from
    three on. Once the stat had values four weeks before, that weekday of these weeks takes part, and each of its four
    days weighs as much as `typical.WEEKDAY_WEIGHT` others. `day`: the fields of `today` for all of the day's values,
    None where it has none.

    Where quantiles are wanted, entries of `today` and `week` and the `day` have `q`, one for each share: None where
    not all values of the bin (of one of the bins that a mean is of) are in sketches.
    """

    start: int
    step: int
    today: Points
    week: Points
    typical: Points
    day: Point | None


def view(
    *, date: str | None = None, step: str | int = DEFAULT_STEP, tz: str = "UTC", q: str | None = None, now: float
) -> View:
    """A view from what a request says: an ISO date (None: today at the Unix time `now`), minutes, an IANA zone, and up
    to 9 shares with commas between them.

    Raises HistoryError.
    """
    zone = _zone(tz)
    shown = dt.datetime.fromtimestamp(now, zone).date() if date is None else _date(date)
    return View(shown, zone, _step(step), () if q is None else _shares(q))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, an endless name
        raise HistoryError(f"tz must be an IANA time zone such as Europe/Berlin, not {name!r}.") from error


def _step(text: str | int) -> int:
    if re.fullmatch(r"[0-9]{1,2}", str(text)) is None or not 1 <= int(text) <= 60:
        raise HistoryError(f"step must be a whole number of minutes from 1 to 60, not {text!r}.")
    return int(text)


def _shares(text: str) -> tuple[float, ...]:
    parts = text.split(",", _MOST_SHARES)
    shares = [float(part) for part in parts if _SHARE.fullmatch(part)]
    if len(parts) > _MOST_SHARES or len(shares) < len(parts) or max(shares) > 1:
        raise HistoryError(f"q must be up to {_MOST_SHARES} shares from 0 to 1 such as 0.5,0.99, not {text[:80]!r}.")
    return tuple(shares)


def _date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise HistoryError(f"date must be a day from 2000 to 2199 such as 2026-11-16, not {text!r}.")
    return day


def day(root: Path, stat: Stat, shown: View) -> DayHistory:
    """What the files below `root` know about a stat, as that view shows it. Raises BadNameError for an impossible
    stat."""
    today = local_day(shown.day, shown.zone)
    past = _past(root, stat, today, shown.zone)
    question = (root, stat, shown)

    points, whole = _once(
        ("today", question, _signatures(past.files, today.start, today.end)),
        lambda: _today(_span(past.files, today.start, today.end), today, shown),
    )
    week, usual = _once(
        ("week", question, past.signatures),
        lambda: _week(past, today, shown, stat.kind),
    )
    return DayHistory(today.start * 60, shown.step, points, week, usual, whole[0])


@dataclass(frozen=True, eq=False)
class UsualDay:
    """What is usual of the plotted value at each minute of a local day whose first is `start` (Unix time / 60): the
    band, the average of the week before, and of how many days they are; 0 where the week says nothing."""

    start: int
    low: Floats
    mid: Floats
    high: Floats
    mean: Floats
    days: Rows


def usual(root: Path, stat: Stat, day: dt.date, zone: ZoneInfo) -> UsualDay:
    """What is usual on that day, minute by minute: the same band and average as those of `day`."""
    today, shown = local_day(day, zone), View(day, zone, 1)
    past = _past(root, stat, today, zone)
    before = _before(past.week(today, shown), past.totals_of_weekdays(today, shown), stat.kind)
    mean = before.fields["sum" if stat.kind == "c" else "avg"]
    low, middle, high = before.band
    return UsualDay(today.start, low, middle, high, mean, np.where(before.days > 0, before.banded, 0))


def moved(root: Path, stat: Stat, start: int, end: int) -> Rows:
    """The minutes (Unix time / 60) from `start` to `end` in which the stat moved: a counter by what is not zero, others
    by any value."""
    span = _span(_load(root, stat, [(start, end)]), start, end)
    return start + np.flatnonzero(span.columns[SUM if stat.kind == "c" else CNT])


@dataclass(frozen=True, eq=False)
class PastMinutes:
    """A stat's minutes: their aggregates in `columns` (8, minutes), zeros where there are none; whether its process was
    `there` (minutes); and a `quantile` (minutes), NaN where nobody can tell it."""

    columns: Floats
    there: Flags
    quantile: Floats | None


def past(root: Path, stat: Stat, start: int, end: int, share: float | None = None) -> PastMinutes:
    """The minutes from `start` to `end` (Unix time / 60); the quantile is that of a `share` (0 to 1) of the values.

    A process was there in a minute in which one of its stats has values. The `WITNESSES` with the largest files are
    asked, which are those that have values in most of the minutes; days that are packed name none.
    """
    span = _span(_load(root, stat, [(start, end)]), start, end)
    columns = span.columns[:, :-1]
    there = columns[CNT] > 0
    for witness in _witnesses(root, stat, start, end):
        there |= _span(_load(root, witness, [(start, end)]), start, end).columns[CNT, :-1] > 0
    quantile = None if share is None else span.merged(np.arange(end - start)[:, None]).quantiles([share])[0]
    return PastMinutes(columns, there, quantile)


def _witnesses(root: Path, stat: Stat, start: int, end: int) -> list[Stat]:
    """Other stats of the process by the size of their files, largest first."""
    sizes: Counter[str] = Counter()
    for day in _utc_days(start, end):
        folder = process_dir(root, stat.account, dt.date.fromordinal(_EPOCH + day), stat.process)
        with suppress(FileNotFoundError), os.scandir(folder) as files:
            sizes.update({file.name: file.stat().st_size for file in files})
    named = [found for name, _ in sizes.most_common() if (found := stat_of(name)) is not None]
    others = [found for found in named if found != (stat.kind, stat.name)]
    return [Stat(stat.account, stat.process, *found) for found in others[:WITNESSES]]


def _once(key: tuple[object, ...], calculate: Callable[[], _Result]) -> _Result:
    """What `calculate` gave the last time for this key, which holds all that it depends on."""
    kept = _results.get(key)
    if kept is None:
        kept = calculate()
        _results.put(key, kept)
    return cast(_Result, kept)


def _weight(result: tuple[Points, ...]) -> int:
    """Bytes of memory of a result, about: of a dictionary and its numbers in each filled bin, which are all alike."""
    weight = 1000
    for points in result:
        filled = [point for point in points if point is not None]
        weight += 8 * len(points) + sum(100 + 60 * len(point) + 40 * len(point.get("q") or ()) for point in filled)
    return weight


_results: Lru[tuple[object, ...], tuple[Points, ...]] = Lru(48 << 20, _weight)


# --- minutes ----------------------------------------------------------------------------------------------------------
def _utc_days(start: int, end: int) -> range:
    return range(start // DAY_MINUTES, -(-end // DAY_MINUTES))


def _load(root: Path, stat: Stat, spans: list[tuple[int, int]]) -> dict[int, Signed]:
    """The stat's files of all UTC days that the minutes of these spans touch, each from its start to its end."""
    wanted = sorted({day for start, end in spans for day in _utc_days(start, end)})
    return {day: _tables.get(root, stat, dt.date.fromordinal(_EPOCH + day)) for day in wanted}


def _signatures(files: dict[int, Signed], start: int, end: int) -> tuple[object, ...]:
    return tuple(files[day][0] for day in _utc_days(start, end))


def _span(files: dict[int, Signed], start: int, end: int) -> Span:
    """The minutes from `start` to `end`."""
    days = _utc_days(start, end)
    columns, text = np.zeros((FIELDS, end - start + 1)), np.full(end - start + 1, -1)
    number = 0
    for day in days:
        table = files[day][1]
        at = table.minutes + (day * DAY_MINUTES - start)
        inside = (at >= 0) & (at < end - start)
        columns[:, at[inside]] = table.columns[:, inside]
        text[at[inside]] = number + np.flatnonzero(inside)
        number += len(at)
    return Span(columns, _texts([files[day][1] for day in days]), text)


def _texts(tables: list[DayTable]) -> Bytes:
    """The sketches of all minutes, nothing but their ends for files without; empty where there are none at all."""
    known = any(table.sketches for table in tables)
    parts = [table.sketches or END * len(table.minutes) for table in tables] if known else []
    return np.frombuffer(b"".join(parts), np.uint8)


def _per_day(span: Span, days: list[LocalDay], today: LocalDay, shown: View) -> Bins:
    """The days' aggregates in today's bins: of all bins of the first day, then of the next."""
    places = _places(days, today, shown)
    return span.merged(places) if shown.step > 1 or shown.shares else span.plain(places)


def _places(days: list[LocalDay], today: LocalDay, shown: View) -> Minutes:
    """Where the minutes of the days are in a span that begins with the first of them, in today's bins."""
    shape = bins(today, shown.step)
    wall = np.where(shape >= 0, np.append(today.wall, 0)[shape], 0)
    return np.concatenate([_placed(first_at(one, wall), one.start - days[0].start, shape) for one in days])


def _placed(minute: Minutes, offset: int, shape: Minutes) -> Minutes:
    """Minutes of a day as positions in a span that begins `offset` before it; -1 where there is no minute."""
    return np.where((minute >= 0) & (shape >= 0), minute + offset, -1)


# --- points -----------------------------------------------------------------------------------------------------------
def _today(span: Span, today: LocalDay, shown: View) -> tuple[Points, Points]:
    """The day's points, and the point of all of it."""
    found = span.merged(bins(today, shown.step))
    whole = found.together()
    return _of_bins(found, today, shown), _of_bins(whole, today, shown)


def _of_bins(found: Bins, today: LocalDay, shown: View) -> Points:
    merged = found.fields
    fields = dict(zip(FIELD_NAMES, merged, strict=True)) | {"avg": typical.quotient(merged[SUM], merged[CNT])}
    points = _points(today, shown.step, fields, merged[CNT] > 0)
    return _with_quantiles(points, found.quantiles(shown.shares)) if shown.shares else points


class _Past(NamedTuple):
    """What a day is compared with: the `days` before it, and the same weekday of the weeks before these."""

    files: dict[int, Signed]
    days: list[LocalDay]
    weekdays: list[LocalDay]

    @property
    def signatures(self) -> tuple[object, ...]:
        spans = [(self.days[0].start, self.days[-1].end), *((one.start, one.end) for one in self.weekdays)]
        return tuple(_signatures(self.files, start, end) for start, end in spans)

    def week(self, today: LocalDay, shown: View) -> Bins:
        """The days' aggregates in today's bins: of all bins of the first day, then of the next."""
        return _per_day(_span(self.files, self.days[0].start, self.days[-1].end), self.days, today, shown)

    def totals_of_weekdays(self, today: LocalDay, shown: View) -> Floats:
        """Sums and counts of the weekdays in today's bins: (2, weekdays, bins)."""
        spans = [(one, _span(self.files, one.start, one.end)) for one in self.weekdays]
        return np.stack([span.totals(_places([one], today, shown)) for one, span in spans], axis=1)


def _past(root: Path, stat: Stat, today: LocalDay, zone: ZoneInfo) -> _Past:
    days = days_before(today.day, zone, WEEK)
    weekdays = [local_day(today.day - dt.timedelta(days=back), zone) for back in WEEKDAYS]
    spans = [(days[0].start, today.end), *((one.start, one.end) for one in weekdays)]
    return _Past(_load(root, stat, spans), days, weekdays)


class _Before(NamedTuple):
    """What the days before say: the averages of all `fields`, of how many `days`, and which were `present` (days,
    bins); the `band` of the plotted value (3, bins), and of how many days that is, `banded`."""

    fields: dict[str, Floats]
    days: Rows
    present: Flags
    band: Floats
    banded: Rows


def _before(week: Bins, weekdays: Floats, kind: Kind) -> _Before:
    days = week.fields.reshape(FIELDS, WEEK, -1)
    present = days[CNT] > 0
    average = dict(zip(FIELD_NAMES, typical.average(days), strict=True)) | {"avg": typical.overall(days)}
    band, banded = _band(days[[SUM, CNT]], weekdays, kind)
    return _Before(average, present.sum(axis=0), present, band, banded)


def _band(days: Floats, weekdays: Floats, kind: Kind) -> tuple[Floats, Rows]:
    """The usual band and of how many days it is, from sums and counts of the days before and of the weekdays, each
    (2, days, bins)."""
    weights = np.ones(WEEK, np.int64)
    if (weekdays[1, 0] > 0).any():  # there are four weeks
        days = np.concatenate((weekdays, days), axis=1)
        weights = np.array([typical.WEEKDAY_WEIGHT] * (len(WEEKDAYS) + 1) + [1] * (WEEK - 1))
    total, count = days
    plotted = total if kind == "c" else typical.quotient(total, count)
    return typical.band(plotted, count > 0, weights), (count > 0).sum(axis=0)


def _week(past: _Past, today: LocalDay, shown: View, kind: Kind) -> tuple[Points, Points]:
    """The week's average, and the usual band of the plotted value."""
    found = past.week(today, shown)
    before = _before(found, past.totals_of_weekdays(today, shown), kind)
    average: dict[str, Floats] = before.fields | {"days": before.days.astype(np.float64)}
    week = _points(today, shown.step, average, before.days > 0)
    if shown.shares:
        told = found.quantiles(shown.shares).reshape(len(shown.shares), WEEK, -1)
        _with_quantiles(week, np.array([typical.mean(one, before.present) for one in told]))
    low, middle, high = before.band
    usual: dict[str, Floats] = {"low": low, "mid": middle, "high": high, "days": before.banded.astype(np.float64)}
    return week, _points(today, shown.step, usual, before.banded >= typical.BAND_DAYS)


def _with_quantiles(points: Points, told: Floats) -> Points:
    """The points, each filled one with its `q`: None where a quantile is not a number."""
    for point, each in zip(points, told.T.tolist(), strict=True):
        if point is not None:
            point["q"] = None if any(map(math.isnan, each)) else each
    return points


def _points(today: LocalDay, step: int, fields: dict[str, Floats], filled: Flags) -> Points:
    """A dictionary for each filled bin, None for the others."""
    points: Points = [None] * len(filled)
    places = np.flatnonzero(filled)
    times = (today.start + places * step) * 60
    names = ("t", *fields)
    values = (times.tolist(), *(_plain(column[places]) for column in fields.values()))
    for place, numbers in zip(places.tolist(), zip(*values, strict=True), strict=True):
        points[place] = dict(zip(names, numbers, strict=True))
    return points


def _plain(column: Floats) -> list[float]:
    """Python's numbers; whole ones, where all are whole."""
    whole = (column == np.rint(column)) & (np.abs(column) < _WHOLE)
    numbers: list[float] = (column.astype(np.int64) if whole.all() else column).tolist()
    return numbers
