"""A day as a viewer's wall clock shows it, minute by minute.

Most days have 1440 minutes; where clocks change, a day is shorter or longer, and a stretch of wall-clock time is
skipped or comes twice. Minutes are counted from the epoch (Unix time divided by 60) unless they are said to be of the
day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Minutes = NDArray[np.int64]

DAY_MINUTES = 1440
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class LocalDay:
    """The local `day`: its first minute, and for each of its minutes what the wall clock shows (minute of the day)."""

    day: date
    start: int
    wall: Minutes

    @property
    def end(self) -> int:
        """The first minute of the next day."""
        return self.start + len(self.wall)


@lru_cache(maxsize=1024)
def local_day(day: date, zone: ZoneInfo) -> LocalDay:
    """The day in that zone. It is empty where the zone has left it out (Samoa's 30 December 2011)."""
    start, end = _midnight(day, zone), _midnight(day + _DAY, zone)
    wall = _wall_clock(start, end, zone)
    wall.setflags(write=False)
    return LocalDay(day, start, wall)


def days_before(day: date, zone: ZoneInfo, count: int) -> list[LocalDay]:
    """The `count` days before `day`, earliest first."""
    return [local_day(day - back * _DAY, zone) for back in range(count, 0, -1)]


def bins(day: LocalDay, step: int) -> Minutes:
    """The minutes of the day (0: its first) in bins of `step`, as an array (bins, step); -1 past the day's end."""
    length = len(day.wall)
    count = -(-length // step)
    minutes = np.arange(count * step, dtype=np.int64).reshape(count, step)
    return np.where(minutes < length, minutes, -1)


def first_at(day: LocalDay, wall: Minutes) -> Minutes:
    """For each wall-clock time, the minute of `day` that first shows it; -1 for a time that the day skips."""
    minute = np.full(DAY_MINUTES, -1, dtype=np.int64)
    minute[day.wall[::-1]] = np.arange(len(day.wall), dtype=np.int64)[::-1]
    return minute[wall]


def _midnight(day: date, zone: ZoneInfo) -> int:
    # A midnight that the clocks skip is taken with the offset before, which makes it the moment of the change.
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) // 60


def _wall_clock(start: int, end: int, zone: ZoneInfo) -> Minutes:
    if end - start == DAY_MINUTES and _offset(start, zone) == _offset(end - 1, zone):
        return np.arange(DAY_MINUTES, dtype=np.int64)
    return np.array([(minute + _offset(minute, zone)) % DAY_MINUTES for minute in range(start, end)], dtype=np.int64)


def _offset(minute: int, zone: ZoneInfo) -> int:
    """Minutes by which the wall clock is ahead of UTC."""
    offset = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) // 60
