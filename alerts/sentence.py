"""The one sentence of an alert, the same in mail, SMS, call and page.

    orders 12/min, 71 % below a typical Tuesday 14:05, for 6 min

It is made of a transition, which is kept: each reader gets it in his own time zone. `spoken` says the same for the ear.
"""

import datetime as dt
import math
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts import measures
from alerts.conditions import Above, Below, Condition, Errors, StoppedResponding, StoppedWorking, UnlikeTypical
from alerts.observation import MINUTE
from alerts.rules import Transition
from stats.aggregation.partial import Kind

LONGEST_NAME = 80  # characters of it; an SMS has 160
_MOST_TIMES = 100  # beyond it a percentage says less than the two numbers


@dataclass(frozen=True)
class Subject:
    """What is told of: a stat by its name and kind, a process, or an error group by its title."""

    name: str
    kind: Kind = "c"


def written(subject: Subject, condition: Condition, change: Transition, zone: ZoneInfo) -> str:
    """The sentence for the eye. It has one line."""
    return _Sentence(_WRITTEN, subject, condition, change, zone).text()


def spoken(subject: Subject, condition: Condition, change: Transition, zone: ZoneInfo) -> str:
    """The sentence for the ear: no signs, units in words."""
    return _Sentence(_SPOKEN, subject, condition, change, zone).text()


@dataclass(frozen=True)
class _Words:
    """How a medium writes what comes after a number, and names."""

    per_minute: str
    per_second: str
    percent: str
    milliseconds: str
    seconds: str
    minutes: str
    hours: str
    days: str
    clock: str
    spoken: bool

    def name(self, text: str) -> str:
        text = " ".join(text.split())
        text = text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3].rstrip()}..."
        return " ".join(re.sub(r"[_.:!/-]", " ", text).split()) if self.spoken else text

    def duration(self, seconds: float) -> str:
        """In the two largest units that say something: `45 s`, `6 min`, `2 h 5 min`, `3 d`."""
        if seconds < MINUTE:
            return self._counted(int(seconds), self.seconds)
        minutes = int(seconds) // MINUTE
        days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
        parts = [(days, self.days), (hours, self.hours), (0 if days else rest, self.minutes)]
        return " ".join(self._counted(number, unit) for number, unit in parts if number)

    def _counted(self, number: int, unit: str) -> str:
        return f"{number}{unit[:-1] if self.spoken and number == 1 else unit}"

    def measure(self, measure: str) -> str:
        """What stands between the name and the number."""
        share = measures.share_of(measure)
        if share is not None and self.spoken:
            return f"percentile {share * 100:g} "
        return "" if measure in _SAID_BY_THE_UNIT else f"{_MEASURES.get(measure, measure)} "


_WRITTEN = _Words("/min", "/s", " %", " ms", " s", " min", " h", " d", "%A %H:%M", spoken=False)
_SPOKEN = _Words(
    " per minute",
    " per second",
    " percent",
    " milliseconds",
    " seconds",
    " minutes",
    " hours",
    " days",
    "%A at %H:%M",
    spoken=True,
)
_SAID_BY_THE_UNIT = ("value", "rate", measures.PLOTTED, measures.EVENTS)
_MEASURES = {"sum": "total", "min": "lowest", "max": "highest"}


@dataclass(frozen=True)
class _Sentence:
    words: _Words
    subject: Subject
    condition: Condition
    change: Transition
    zone: ZoneInfo

    def text(self) -> str:
        name = self.words.name(self.subject.name)
        if self.change.resolved:
            return f"{name} {self._end()} after {self.words.duration(self.change.seconds)}"
        return f"{name} {self._begin()}"

    # --- how it began -------------------------------------------------------------------------------------------------
    def _begin(self) -> str:
        match self.condition:
            case StoppedWorking():
                return f"stopped: {self._nothing()} for {self.words.duration(self.change.seconds)}"
            case StoppedResponding():
                return f"silent for {self.words.duration(self.change.silent or 0)}"
            case Errors(on="new"):
                return f"is a new error, {self._times()} in its first minute"
            case Errors(on="regression"):
                return f"came again after it was resolved, {self._times()} in a minute"
            case _:
                return f"{self._number()}, {self._compared()}, for {self.words.duration(self.change.seconds)}"

    def _nothing(self) -> str:
        if self.change.known == "value":
            return "zero"
        return "its process is away, nothing came" if self.change.known == "away" else "no value came"

    def _times(self) -> str:
        number = self.change.value or 0
        return "once" if number == 1 else f"{_short(number)} times"

    def _number(self) -> str:
        value = self.change.value
        measure = self.words.measure(self.condition.measure_of)
        return f"{measure}unknown" if value is None else f"{measure}{self._with_unit(value)}"

    # --- with what it is compared -------------------------------------------------------------------------------------
    def _compared(self) -> str:
        if isinstance(self.condition, UnlikeTypical):
            return self._with_usual(self.condition)
        low, high = self.change.low, self.change.high
        limit, word = (high, "above") if high is not None else (low, "below")
        return "" if limit is None else f"{word} {self._with_unit(limit)}"

    def _with_usual(self, condition: UnlikeTypical) -> str:
        value, usual = self.change.value or 0.0, self.change.usual or 0.0
        against = self._typical() if condition.percent is None else self._week()
        times = abs(value / usual - 1) if usual else math.inf
        if times > _MOST_TIMES:
            return f"where {self._with_unit(usual)} is {against}"
        return f"{_short(round(times * 100))}{self.words.percent} {'above' if value > usual else 'below'} {against}"

    def _typical(self) -> str:
        return f"a typical {self._time(self.words.clock)}"

    def _week(self) -> str:
        return f"the week's average at {self._time('%H:%M')}"

    def _time(self, form: str) -> str:
        """When the minute began, as the reader's clock shows it."""
        return dt.datetime.fromtimestamp(self.change.at - MINUTE, self.zone).strftime(form)

    # --- how it ended -------------------------------------------------------------------------------------------------
    def _end(self) -> str:
        match self.condition:
            case StoppedWorking():
                return "moves again"
            case StoppedResponding():
                return "is heard of again"
            case Errors(on="rate") | Above() | Below() | UnlikeTypical():
                return f"{self._number()}, well again"
            case _:
                return "has been quiet, over"

    def _with_unit(self, value: float) -> str:
        return f"{_short(value)}{self._unit()}"

    def _unit(self) -> str:
        measure = self.condition.measure_of
        if measure == "rate":
            return self.words.per_second
        if isinstance(self.condition, Errors) or (self.subject.kind == "c" and measure in _PER_MINUTE):
            return self.words.per_minute
        return self.words.milliseconds if self.subject.kind == "ms" else ""


_PER_MINUTE = ("value", "sum", measures.PLOTTED)


def _short(number: float) -> str:
    """Three significant digits, and all of a whole number's thousands: `0.0123`, `12.3`, `812`, `12,346`."""
    if abs(number) >= 1e15:
        return f"{number:.3g}"
    if abs(number) >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}"
