"""The one sentence of an alert, the same in mail, SMS, call and page.

    orders 12/min, 71 % below a typical Tuesday 14:05, for 6 min

It is made of a transition, which is kept: each reader gets it in his own time zone. `spoken` says the same for the ear,
in a language of `alerts.languages`: what is said follows from the facts alone, how it is said from the phrases.
"""

import datetime as dt
import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts import measures
from alerts.conditions import Above, Below, Condition, Errors, StoppedResponding, StoppedWorking, UnlikeTypical
from alerts.languages import WRITTEN
from alerts.languages.phrases import Phrases
from alerts.observation import MINUTE
from alerts.rules import Transition
from alerts.sayable import sayable
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
    name = " ".join(subject.name.split())
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3].rstrip()}..."
    return _Sentence(WRITTEN, name, subject.kind, condition, change, zone).text()


def spoken(subject: Subject, condition: Condition, change: Transition, zone: ZoneInfo, phrases: Phrases) -> str:
    """The sentence for the ear: no signs, units in words."""
    name = sayable(subject.name) or phrases.nameless
    return _Sentence(phrases, name, subject.kind, condition, change, zone).text()


@dataclass(frozen=True)
class _Sentence:
    phrases: Phrases
    name: str
    kind: Kind
    condition: Condition
    change: Transition
    zone: ZoneInfo

    def text(self) -> str:
        return self._end() if self.change.resolved else self._begin()

    # --- how it began -------------------------------------------------------------------------------------------------
    def _begin(self) -> str:
        match self.condition:
            case StoppedWorking():
                return self._said(self.phrases.stopped, nothing=self._nothing(), time=self._bad_for())
            case StoppedResponding():
                return self._said(self.phrases.silent, time=self._duration(self.change.silent or 0))
            case Errors(on="new"):
                return self._said(self.phrases.new_error, times=self._times())
            case Errors(on="regression"):
                return self._said(self.phrases.regression, times=self._times())
            case _:
                facts = ", ".join(filter(None, (self._number(), self._compared())))
                return self._said(self.phrases.beyond, facts=facts, time=self._bad_for())

    def _said(self, phrase: str, **facts: str) -> str:
        return phrase.format(name=self.name, **facts)

    def _bad_for(self) -> str:
        return self._duration(self.change.seconds)

    def _nothing(self) -> str:
        if self.change.known == "value":
            return self.phrases.zero
        return self.phrases.away if self.change.known == "away" else self.phrases.no_value

    def _times(self) -> str:
        return self.phrases.times.of(self._short(self.change.value or 0))

    def _number(self) -> str:
        value = self.change.value
        number = self.phrases.unknown if value is None else self._with_unit(value)
        joint = self.phrases.joint
        return "".join(joint + part for part in (self._measure(), number) if part)

    def _measure(self) -> str:
        """What stands between the name and the number; empty where the unit says it."""
        measure = self.condition.measure_of
        share = measures.share_of(measure)
        if share is not None:
            return self.phrases.percentile.format(f"{share * 100:g}".replace(".", self.phrases.point))
        return {
            "average": self.phrases.average,
            "sum": self.phrases.sum,
            "min": self.phrases.lowest,
            "max": self.phrases.highest,
        }.get(measure, "")

    # --- with what it is compared -------------------------------------------------------------------------------------
    def _compared(self) -> str:
        if isinstance(self.condition, UnlikeTypical):
            return self._with_usual(self.condition)
        if self.change.high is not None:
            return self.phrases.above_limit.format(self._with_unit(self.change.high))
        if self.change.low is not None:
            return self.phrases.below_limit.format(self._with_unit(self.change.low))
        return ""

    def _with_usual(self, condition: UnlikeTypical) -> str:
        value, usual = self.change.value or 0.0, self.change.usual or 0.0
        against = self._typical() if condition.percent is None else self._week()
        times = abs(value / usual - 1) if usual else math.inf
        if times > _MOST_TIMES:
            return self.phrases.instead_of_usual.format(value=self._with_unit(usual), usual=against)
        percent = self.phrases.percent.format(self._short(round(times * 100)))
        phrase = self.phrases.above_usual if value > usual else self.phrases.below_usual
        return phrase.format(percent=percent, usual=against)

    def _typical(self) -> str:
        begin = self._minute()
        return self.phrases.typical_days[begin.weekday()].format(clock=self._clock(begin))

    def _week(self) -> str:
        return self.phrases.week.format(clock=self._clock(self._minute()))

    def _minute(self) -> dt.datetime:
        """When the minute began, as the reader's clock shows it."""
        return dt.datetime.fromtimestamp(self.change.at - MINUTE, self.zone)

    def _clock(self, at: dt.datetime) -> str:
        minutes = self.phrases.past.of(at.minute) if at.minute else self.phrases.full
        return self.phrases.hour.of(at.hour) + minutes

    # --- how it ended -------------------------------------------------------------------------------------------------
    def _end(self) -> str:
        time = self._duration(self.change.seconds)
        match self.condition:
            case StoppedWorking():
                return self._said(self.phrases.moves, time=time)
            case StoppedResponding():
                return self._said(self.phrases.heard, time=time)
            case Errors(on="rate") | Above() | Below() | UnlikeTypical():
                return self._said(self.phrases.well, number=self._number(), time=time)
            case _:
                return self._said(self.phrases.quiet, time=time)

    # --- numbers ------------------------------------------------------------------------------------------------------
    def _with_unit(self, value: float) -> str:
        number, measure = self._short(value), self.condition.measure_of
        if measure == "rate":
            return self.phrases.per_second.format(number)
        if isinstance(self.condition, Errors) or (self.kind == "c" and measure in _PER_MINUTE):
            return self.phrases.per_minute.format(number)
        return self.phrases.milliseconds.of(number) if self.kind == "ms" else number

    def _duration(self, seconds: float) -> str:
        """In the two largest units that say something: `45 s`, `6 min`, `2 h 5 min`, `3 d`."""
        if seconds < MINUTE:
            return self.phrases.seconds.of(int(seconds))
        minutes = int(seconds) // MINUTE
        days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
        parts = [(days, self.phrases.days), (hours, self.phrases.hours), (0 if days else rest, self.phrases.minutes)]
        return self.phrases.and_.join(unit.of(number) for number, unit in parts if number)

    def _short(self, number: float) -> str:
        """Three significant digits, and all of a whole number's thousands: `0.0123`, `12.3`, `812`, `12,346`."""
        digits, _, power = _digits(abs(number)).partition("e")
        if power:
            digits = self.phrases.power.format(number=digits, power=self._short(int(power)))
        digits = digits.replace(",", self.phrases.group).replace(".", self.phrases.point)
        return f"{self.phrases.minus}{digits}" if number < 0 else digits


_PER_MINUTE = ("value", "sum", measures.PLOTTED)


def _digits(number: float) -> str:
    if number >= 1e15:
        return f"{number:.3g}"
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}"
