"""Proposes a limit: the nearest one to what is usual that would seldom have fired, with a forecast of false alarms.

What the past had is taken for normal. A stat that burned for half of it gets a limit above the fire; a person looks at
the proposal on the plot and drags it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from alerts import backtest
from alerts.backtest import WEEK, Backtest
from alerts.conditions import Above, Below, UnlikeTypical
from alerts.observation import Observation
from stats.aggregation.arithmetic import Floats

TOLERATED = 0.5  # false alarms a week
LEAST_MINUTES = 24 * 60  # that have a value; of less nothing is proposed

_BACK = 0.1  # of the way from the limit to the middle has to be gone for it to be over
_WIDTHS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0)
_PERCENTS = (20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0)
_UNSEEN = 0.5  # alarms more than were seen, as a rate that was estimated from few is: the mean of Jeffreys' posterior

Proposable = Above | Below | UnlikeTypical


@dataclass(frozen=True)
class Proposal:
    """A condition, how many false alarms a week are to be expected of it, and what it would have done."""

    condition: Proposable
    forecast: float
    tested: Backtest


def propose(wanted: Proposable, past: Sequence[Observation], tolerated: float = TOLERATED) -> Proposal | None:
    """The condition that is `wanted`, with its limit (and limit of recovery), or the width of its band, as the past
    says. `tolerated`: false alarms a week.

    None where too little is known. If all that is tried fires more often, it is the last that was tried, the widest.
    """
    values = np.array([seen.value for seen in past if seen.known in ("value", "quiet") and seen.value is not None])
    if len(values) < LEAST_MINUTES:
        return None
    if isinstance(wanted, UnlikeTypical):
        return _first_quiet(_wider(wanted), past, tolerated)
    return _limit(wanted, past, values, tolerated)


def forecast(tested: Backtest) -> float:
    """How many alarms a week are to be expected, if the time to come is like the past. Never 0: that none was seen in
    one week does not say that none comes in the next."""
    return (len(tested.alarms) + _UNSEEN) * WEEK / max(tested.end - tested.start, 1)


def _limit(wanted: Above | Below, past: Sequence[Observation], values: Floats, tolerated: float) -> Proposal:
    """By bisection between the middle and the farthest value: the farther the limit, the fewer alarms."""
    middle = float(np.median(values))
    farthest = float(values.max() if isinstance(wanted, Above) else values.min())
    steps = _steps(middle, abs(farthest - middle), 1 if isinstance(wanted, Above) else -1)
    low, high = 0, len(steps) - 1
    while low < high:
        between = (low + high) // 2
        tried = _tried(_with_limit(wanted, steps[between], middle), past)
        low, high = (low, between) if _seldom(tried, tolerated) else (between + 1, high)
    return _tried(_with_limit(wanted, steps[low], middle), past)


def _steps(middle: float, distance: float, away: Literal[1, -1]) -> list[float]:
    """Numbers as people write them, from the middle to beyond that distance, up or down; about 100 of them."""
    reach = (max(distance, abs(middle) * 0.1) or 1.0) * 1.25
    width = 10 ** math.floor(math.log10(reach / 20))
    width *= next(factor for factor in (1, 2, 5, 10) if width * factor >= reach / 100)
    first = math.ceil(middle * away / width)
    return [round(number * width * away, 12) for number in range(first, first + math.ceil(reach / width) + 1)]


def _with_limit(wanted: Above | Below, limit: float, middle: float) -> Above | Below:
    until = float(f"{limit + (middle - limit) * _BACK:.4g}")
    until = min(until, limit) if isinstance(wanted, Above) else max(until, limit)
    return msgspec.structs.replace(wanted, limit=limit, until=until)


def _wider(wanted: UnlikeTypical) -> list[UnlikeTypical]:
    if wanted.percent is None:
        return [msgspec.structs.replace(wanted, width=width) for width in _WIDTHS]
    return [msgspec.structs.replace(wanted, percent=percent) for percent in _PERCENTS]


def _first_quiet(tries: Sequence[Proposable], past: Sequence[Observation], tolerated: float) -> Proposal:
    for condition in tries:
        tried = _tried(condition, past)
        if _seldom(tried, tolerated):
            break
    return tried


def _tried(condition: Proposable, past: Sequence[Observation]) -> Proposal:
    tested = backtest.run(condition, past)
    return Proposal(condition, forecast(tested), tested)


def _seldom(tried: Proposal, tolerated: float) -> bool:
    return tried.tested.per_week <= tolerated
