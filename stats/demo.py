"""A plausible past: minutes of an imaginary shop, to try and to picture the plots with.

Two processes. `api` answers requests, `worker` does the jobs that follow. People come by day more than by night and on
working days more than at weekends; on some days an incident makes queries slow, errors frequent and orders rare for a
while. The same seed gives the same minutes, whenever and for how many days it is asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from stats.aggregation.partial import Aggregate, Kind, MinuteRow

Floats = NDArray[np.float64]

MINUTES = 1440

_EPOCH = date(1970, 1, 1).toordinal()
_SAMPLES = 16  # values drawn for a minute, to stand for all that it had
_GAUGE_READINGS = 12  # one each 5 s
_WEEKEND = 0.55
_INCIDENT_CHANCE = 0.4  # of a day
_INCIDENT_MINUTES = (12, 45)


@dataclass(frozen=True)
class _Day:
    """What all stats of a day have in common: how busy each minute is (about 0.1 to 1.2), and how bad (0 or 1)."""

    seed: int
    number: int
    busy: Floats
    bad: Floats

    def noise(self, what: str) -> np.random.Generator:
        return np.random.default_rng((self.seed, self.number, crc32(what.encode())))


@dataclass(frozen=True)
class _Made:
    """A day of a stat: how many values each minute has, and samples of them, (minutes, samples)."""

    count: NDArray[np.int64]
    samples: Floats


def minutes(account: int, start: int, end: int, seed: int) -> Iterator[MinuteRow]:
    """The rows of the account from minute `start` up to, without, minute `end` (Unix time divided by 60).

    The rows of a stat come day by day and in the order of time, as a Writer likes them.
    """
    for number in range(start // MINUTES, -(-end // MINUTES)):
        day = _day(number, seed)
        first, last = max(start - number * MINUTES, 0), min(end - number * MINUTES, MINUTES)
        for process, kind, name, make in _STATS:
            made = make(day, day.noise(f"{process} {kind} {name}"))
            for minute, aggregate in _aggregates(made, first, last):
                yield MinuteRow(account, process, kind, name, number * MINUTES + minute, aggregate)


def _day(number: int, seed: int) -> _Day:
    noise = np.random.default_rng((seed, number))
    hour = np.arange(MINUTES) / 60
    midday, evening = _hill(hour, 12.5, 4.0), _hill(hour, 20.0, 2.2)
    weekend = date.fromordinal(_EPOCH + number).weekday() >= 5
    busy = (0.1 + 0.8 * midday + 0.45 * evening) * (_WEEKEND if weekend else 1.0) * noise.normal(1.0, 0.06)
    bad = np.zeros(MINUTES)
    if noise.random() < _INCIDENT_CHANCE:
        begin = int(noise.integers(8 * 60, 21 * 60))
        bad[begin : begin + int(noise.integers(*_INCIDENT_MINUTES))] = 1.0
    return _Day(seed, number, busy, bad)


def _hill(hour: Floats, top: float, width: float) -> Floats:
    distance = np.abs(hour - top)
    height: Floats = np.exp(-((np.minimum(distance, 24 - distance) / width) ** 2))
    return height


# --- kinds of stats ---------------------------------------------------------------------------------------------------
_Make = Callable[[_Day, np.random.Generator], _Made]


def _ones(per_minute: float, *, incident: float = 1.0, steady: float = 0.0) -> _Make:
    """A counter of single events, `incident` times as many while it is bad; `steady` of them come at any hour."""

    def make(day: _Day, noise: np.random.Generator) -> _Made:
        rate = per_minute * (steady + (1 - steady) * day.busy) * np.where(day.bad > 0, incident, 1.0)
        return _Made(noise.poisson(rate), np.ones((MINUTES, 1)))

    return make


def _timer(per_minute: float, typical: float, spread: float, incident: float) -> _Make:
    """Durations around `typical` ms with a long tail, slower when it is busy, `incident` times when it is bad."""

    def make(day: _Day, noise: np.random.Generator) -> _Made:
        middle = typical * (0.85 + 0.3 * day.busy) * np.where(day.bad > 0, incident, 1.0)
        samples = noise.lognormal(np.log(middle)[:, None], spread, (MINUTES, _SAMPLES))
        return _Made(noise.poisson(per_minute * day.busy), np.maximum(np.round(samples), 1.0))

    return make


def _gauge(per_busy: float, base: float, incident: float) -> _Make:
    """A level that follows how busy it is, and rises while it is bad."""

    def make(day: _Day, noise: np.random.Generator) -> _Made:
        level = base + per_busy * day.busy + incident * np.convolve(day.bad, np.full(20, 0.05))[:MINUTES]
        samples = level[:, None] * noise.normal(1.0, 0.05, (MINUTES, _GAUGE_READINGS))
        return _Made(np.full(MINUTES, _GAUGE_READINGS), np.maximum(np.round(samples), 0.0))

    return make


_STATS: tuple[tuple[str, Kind, str, _Make], ...] = (
    ("api", "c", "requests", _ones(600)),
    ("api", "c", "orders", _ones(14, incident=0.3)),
    ("api", "c", "errors", _ones(0.8, incident=25, steady=0.3)),
    ("api", "ms", "query", _timer(900, 18, 0.55, incident=6)),
    ("api", "ms", "routes.get_user", _timer(420, 32, 0.4, incident=3)),
    ("api", "ms", "routes.checkout", _timer(16, 140, 0.5, incident=5)),
    ("api", "g", "live_users", _gauge(320, 8, 0)),
    ("worker", "c", "jobs", _ones(55, steady=0.4)),
    ("worker", "ms", "job.mail", _timer(22, 260, 0.6, incident=2)),
    ("worker", "g", "queue", _gauge(6, 1, 180)),
)


# --- aggregates -------------------------------------------------------------------------------------------------------
def _aggregates(made: _Made, first: int, last: int) -> Iterator[tuple[int, Aggregate]]:
    """The minutes from `first` to `last` that have values."""
    for minute in range(first, last):
        count = int(made.count[minute])
        if count:
            yield minute, _aggregate(made.samples[minute, :count].tolist(), count)


def _aggregate(samples: list[float], count: int) -> Aggregate:
    ordered = sorted(samples)
    tenth = (len(ordered) - 1) // 10
    total = float(round(sum(samples) / len(samples) * count))
    return Aggregate(
        sum=total,
        cnt=count,
        max=ordered[-1],
        min=ordered[0],
        bot=ordered[tenth],
        top=ordered[-1 - tenth],
        fst=samples[0],
        lst=samples[-1],
    )
