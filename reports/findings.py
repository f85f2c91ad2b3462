"""What the days of a stat tell: whether it grew beyond what is usual, and whether it went silent.

Pure. What is usual is the band of `stats.history`, hour by hour, before the first day of the period: a week that grows
day by day is not compared with itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from zoneinfo import ZoneInfo

from stats.aggregation.partial import Kind
from stats.history import DayHistory, Point

WIDTHS = 0.5  # how far above the band is clearly above it, in widths of the band
SHARE = 0.2  # and at least, as a share of its middle: a band may be very narrow


@dataclass(frozen=True, slots=True)
class Growth:
    """What came of a stat, `value`, in hours that have a band, and what is `usual` there: sums of a counter, else
    averages."""

    value: float
    usual: float

    @property
    def percent(self) -> float | None:
        """By how many percent; None where nothing was usual."""
        return 100.0 * (self.value / self.usual - 1.0) if self.usual > 0 else None


def growth(kind: Kind, days: Sequence[DayHistory], zone: ZoneInfo) -> Growth | None:
    """How far a stat grew in the days of a period, in bins of an hour; None where it did not clearly, or where its days
    before tell too little."""
    usual = _usual(days[0], zone)
    field = "sum" if kind == "c" else "avg"
    pairs = [
        (float(point[field]), usual[hour])
        for day in days
        for point in _filled(day)
        if (hour := _hour(point, zone)) in usual
    ]
    if not pairs:
        return None
    value = fmean(number for number, _ in pairs)
    low, middle, high = (fmean(band[edge] for _, band in pairs) for edge in ("low", "mid", "high"))
    if value <= high + max(WIDTHS * (high - low), SHARE * abs(middle)):
        return None
    times = len(pairs) if kind == "c" else 1
    return Growth(value * times, middle * times)


def silent_since(before: DayHistory, days: Sequence[DayHistory], zone: ZoneInfo) -> float | None:
    """The Unix time of the last hour with values of a stat that went silent in the days of a period; None for one that
    speaks, and for one that was silent at the end of the day `before` already."""
    if is_silent([before], zone) or not is_silent(days, zone):
        return None
    spoken = [point["t"] for day in (before, *days) for point in _filled(day)]
    return float(spoken[-1]) if spoken else None


def is_silent(days: Sequence[DayHistory], zone: ZoneInfo) -> bool:
    """Whether an hour without values, in which values are usual, comes after the last one that has some."""
    usual = _usual(days[0], zone)
    spoken = max((point["t"] for day in days for point in _filled(day)), default=float("-inf"))
    hours = (day.start + 60 * day.step * place for day in days for place in range(len(day.today)))
    return any(at > spoken and _hour_of(at, zone) in usual for at in hours)


def spoke(day: DayHistory) -> bool:
    """Whether there is any value."""
    return any(_filled(day))


def _usual(day: DayHistory, zone: ZoneInfo) -> dict[int, Point]:
    """The band by the hour of the day."""
    return {_hour(point, zone): point for point in day.typical if point is not None}


def _filled(day: DayHistory) -> list[Point]:
    return [point for point in day.today if point is not None]


def _hour(point: Point, zone: ZoneInfo) -> int:
    return _hour_of(point["t"], zone)


def _hour_of(at: float, zone: ZoneInfo) -> int:
    return datetime.fromtimestamp(at, zone).hour
