"""Which days a report is about, and when it is due. Pure: the clock is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Every = Literal["daily", "weekly"]

HOUR = 7  # of the person's morning, from which on a report is due
DAYS: dict[Every, int] = {"daily": 1, "weekly": 7}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days from `first` to `last`, both included, in a zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> Iterator[date]:
        """Each of its days."""
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))

    @property
    def start(self) -> float:
        """The Unix time at which it begins."""
        return self._midnight(self.first)

    @property
    def end(self) -> float:
        """The Unix time at which it is over."""
        return self._midnight(self.last + timedelta(days=1))

    def _midnight(self, day: date) -> float:
        return datetime.combine(day, time(), self.zone).timestamp()


def newest(every: Every, now: float, zone: ZoneInfo) -> Period:
    """The newest period whose report is due at the Unix time `now`: of a day from 7 o'clock of the next one on, of a
    week from Monday to Sunday from 7 o'clock of the Monday after it on.

    What a clock on the wall says counts, so that the hour is the same on days on which clocks change.
    """
    morning = (datetime.fromtimestamp(now, zone).replace(tzinfo=None) - timedelta(hours=HOUR)).date()
    last = morning - timedelta(days=1 if every == "daily" else morning.weekday() + 1)
    return Period(last - timedelta(days=DAYS[every] - 1), last, zone)
