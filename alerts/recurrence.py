"""Windows that come again: maintenance each Sunday night, in the wall-clock time of a zone."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DAY_MINUTES = 1440
_DAY = dt.timedelta(days=1)


class RecurrenceError(ValueError):
    """A recurrence that makes no sense; the message is a sentence for the one who wrote it."""


class Recurrence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A window of `minutes` from `start` (`HH:MM`) on these weekdays (0: Monday) in an IANA time zone.

    It ends so many minutes of elapsed time after it began. A start that the clocks skip is taken at the change; one
    that comes twice counts the first time.
    """

    zone: str
    days: tuple[int, ...]
    start: str
    minutes: int

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RecurrenceError(f"{self.zone[:40]!r} is no time zone such as Europe/Berlin.") from None
        if not self.days or not set(self.days) <= set(range(7)):
            raise RecurrenceError("Days are numbers from 0, Monday, to 6, Sunday; at least one.")
        try:
            dt.datetime.strptime(self.start, "%H:%M")  # noqa: DTZ007  (a time of day has no zone)
        except ValueError:
            raise RecurrenceError(f"The start is a time such as 22:30, not {self.start[:10]!r}.") from None
        if not 1 <= self.minutes <= 7 * DAY_MINUTES:
            raise RecurrenceError("A window has from 1 minute to 7 days.")

    def covers(self, moment: dt.datetime) -> bool:
        """Whether the moment lies in one of the windows."""
        zone = ZoneInfo(self.zone)
        today = moment.astimezone(zone).date()
        length = dt.timedelta(minutes=self.minutes)
        for back in range(self.minutes // DAY_MINUTES + 2):
            day = today - back * _DAY
            begin = self._begin(day, zone)
            if day.weekday() in self.days and begin <= moment < begin + length:
                return True
        return False

    def _begin(self, day: dt.date, zone: ZoneInfo) -> dt.datetime:
        hour, minute = map(int, self.start.split(":"))
        return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(dt.UTC)


def convert(data: Any) -> Recurrence:
    """The recurrence that plain data tells of. Raises RecurrenceError."""
    try:
        return msgspec.convert(data, Recurrence)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, RecurrenceError):
            raise error.__cause__ from None
        raise RecurrenceError(f"{error}.") from error
