"""What a limit can be on: a number of a stat's minute."""

import re
from collections.abc import Callable
from typing import Protocol

from stats.aggregation.arithmetic import BOT, MAX, MIN, TOP
from stats.aggregation.partial import Kind

MEASURES = ("value", "average", "rate", "sum", "min", "max")
PLOTTED = "plotted"  # what the plot of a stat draws: a counter's sum, else the average
MOVEMENT = "movement"  # not zero where the stat did anything
EVENTS = "events"  # of an error group

# Percentiles by share and field: those that each minute has, and those that it has where no sketch tells better.
EXTREMES = {0.0: MIN, 1.0: MAX}
TAILS = {0.1: BOT, 0.9: TOP}

_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,4})?|100)")
_COUNTED = {"rate", "sum", MOVEMENT, EVENTS}
_MINUTE = 60


class Minute(Protocol):
    """The fields of an aggregate that measures are made of."""

    @property
    def sum(self) -> float: ...
    @property
    def cnt(self) -> int: ...
    @property
    def max(self) -> float: ...
    @property
    def min(self) -> float: ...
    @property
    def lst(self) -> float: ...


def is_measure(name: str) -> bool:
    """Whether a limit can be on it: one of `MEASURES`, or a percentile such as `p50`, `p99.9`."""
    return name in MEASURES or share_of(name) is not None


def share_of(measure: str) -> float | None:
    """The share of values, 0 to 1, that lies under a percentile; None for what is none."""
    found = _PERCENTILE.fullmatch(measure)
    return None if found is None else round(float(found[1]) / 100, 6)


def measured(minute: Minute, kind: Kind, measure: str) -> float | None:
    """The measure of a minute that had values; None for a percentile, which only its sketch can tell.

    `value` is a counter's sum and the last value of others; a counter's `rate` is its sum a second, that of others how
    many values they had a second; the `average` is that of the minute's values.
    """
    if measure in ("value", PLOTTED) and kind == "c":
        measure = "sum"
    found = _OF_MINUTE.get(measure)
    return None if found is None else found(minute, kind)


def of_nothing(kind: Kind, measure: str) -> float | None:
    """The measure of a minute in which the process was there and the stat had no value: 0 for what is counted, else
    None. It is no average, no maximum and no level."""
    counted = measure in _COUNTED or (kind == "c" and measure in ("value", PLOTTED))
    return 0.0 if counted else None


def _average(minute: Minute, _: Kind) -> float:
    return minute.sum / minute.cnt


_OF_MINUTE: dict[str, Callable[[Minute, Kind], float]] = {
    "value": lambda minute, _: minute.lst,
    "average": _average,
    PLOTTED: _average,
    "rate": lambda minute, kind: (minute.sum if kind == "c" else minute.cnt) / _MINUTE,
    "sum": lambda minute, _: minute.sum,
    "min": lambda minute, _: minute.min,
    "max": lambda minute, _: minute.max,
    MOVEMENT: lambda minute, kind: minute.sum if kind == "c" else float(minute.cnt),
}
