"""The values of one stat in one interval, as a partial aggregate. Pure: no thread, no clock, no input or output."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, chain, repeat
from operator import mul
from typing import TypedDict

from dattss import sketch
from dattss.values import Kind, Number, shortest

PCT = 0.1  # share of an interval's values that lies under `bot`, and over `top`
EXACT = 2048  # different values up to which `bot` and `top` are exact; beyond they are within 1 %
_CHUNK = 2048  # values that are summed up at once


class _Numbers(TypedDict):
    typ: Kind
    nam: str
    pct: float
    sum: Number
    cnt: int
    max: Number
    min: Number
    fst: Number
    lst: Number
    bot: Number
    top: Number
    emp: bool


class Partial(_Numbers, total=False):
    """One stat's values of one interval, as a commit carries them. Timers are in milliseconds, and have a sketch."""

    skt: str


Partials = dict[Kind, list[Partial]]


class Accumulator:
    """Takes the values of a stat and gives the partial aggregate.

    `sum`, `cnt`, `min`, `max`, `fst`, `lst` are exact however many values come, and a timer's sketch has all of them.
    `bot` and `top` are exact up to 2,048 different values; beyond they are read from a sketch. Does not lock: one
    thread at a time.
    """

    __slots__ = ("_cnt", "_counts", "_fresh", "_fst", "_lst", "_max", "_min", "_seen", "_sum", "emp", "nam", "typ")

    def __init__(self, typ: Kind, nam: str) -> None:
        self.typ = typ
        self.nam = nam
        self.emp = False
        self._fresh: list[Number] = []  # not summed up yet: built-in functions over many beat one at a time
        self._seen: Counter[Number] = Counter()  # how often each value came, as long as those are few enough
        self._counts: sketch.Counts = {}  # what had to leave `_seen`
        self._cnt = 0
        self._sum: Number = 0
        self._min: Number = math.inf
        self._max: Number = -math.inf
        self._fst: Number = 0
        self._lst: Number = 0

    def add(self, value: Number, emphasis: bool = False) -> None:
        """Takes one finite number; one emphasised value emphasises the stat."""
        if emphasis:
            self.emp = True
        self._fresh.append(value)
        if len(self._fresh) >= _CHUNK:
            self._settle()

    def add_all(self, values: Sequence[Number]) -> None:
        """Takes finite numbers, in their order."""
        self._fresh += values
        if len(self._fresh) >= _CHUNK:
            self._settle()

    def add_counted(self, values: Sequence[Number], counts: Sequence[int], first: Number, last: Number) -> None:
        """Takes finite numbers of which each came `counts` times; `first` came first and `last` last."""
        self._settle()
        for value, count in zip(values, counts):
            self._seen[value] += count
        whole = sum(map(mul, values, counts))
        total = whole if isinstance(whole, int) else math.fsum(chain.from_iterable(map(repeat, values, counts)))
        self._note(total, sum(counts), values, (first, last))

    def partial(self) -> Partial:
        """What was added so far. ValueError when that is nothing."""
        self._settle()
        if not self._cnt:
            raise ValueError("no values, no partial aggregate")
        bot, top = self._tails()
        partial: Partial = {
            "typ": self.typ,
            "nam": self.nam,
            "pct": PCT,
            "sum": shortest(self._sum),
            "cnt": self._cnt,
            "max": shortest(self._max),
            "min": shortest(self._min),
            "fst": shortest(self._fst),
            "lst": shortest(self._lst),
            "bot": shortest(bot),
            "top": shortest(top),
            "emp": self.emp,
        }
        if self.typ == "ms":
            self._spill()
            partial["skt"] = sketch.encode(self._counts)
        return partial

    def _tails(self) -> tuple[Number, Number]:
        if self._counts:
            self._spill()
            return sketch.tails(self._counts, PCT, self._min, self._max)
        ranked = sorted(self._seen)
        passed = list(accumulate(self._seen[value] for value in ranked))
        cut = int(PCT * self._cnt)
        return ranked[bisect_right(passed, cut)], ranked[bisect_right(passed, self._cnt - 1 - cut)]

    def _settle(self) -> None:
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        self._seen.update(fresh)
        whole = sum(fresh)
        # Whole numbers are summed exactly by `sum`; fractions are by `fsum`, which rounds once instead of each time.
        total = whole if isinstance(whole, int) else math.fsum(fresh)
        self._note(total, len(fresh), fresh, (fresh[0], fresh[-1]))

    def _note(self, total: Number, count: int, values: Sequence[Number], ends: tuple[Number, Number]) -> None:
        """Takes note of values that are in `_seen`."""
        if not self._cnt:
            self._fst = ends[0]
        self._lst = ends[1]
        low, high = min(values), max(values)
        self._min = min(self._min, low)
        self._max = max(self._max, high)
        self._sum += total
        self._cnt += count
        if self._counts or len(self._seen) > EXACT:
            self._spill()

    def _spill(self) -> None:
        """Moves what was seen into the sketch."""
        ranked = sorted(self._seen)
        sketch.count_sorted(self._counts, ranked, [self._seen[value] for value in ranked])
        self._seen.clear()
