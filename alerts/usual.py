"""What is usual of a stat, remembered for a while: to read it anew each minute would be weeks of files."""

import datetime as dt
from collections.abc import Callable
from hashlib import blake2s
from pathlib import Path
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from alerts.observation import Typical
from alerts.quiet_gaps import QuietGaps, learn
from alerts.reading_time import ReadingTime
from alerts.targets import StatName
from stats import history
from stats.aggregation.arithmetic import Floats
from stats.aggregation.typical import BAND_DAYS
from stats.storage.lru import Lru
from stats.storage.paths import Stat

SPAN = 240  # minutes that are remembered together, at most
BACK = 30  # minutes before: what came late is compared too

GAP_DAYS = 28  # that are looked at for quiet gaps
GAPS_HOLD = 1440  # minutes

_GAPS_BYTES = 20_000  # of what was learned of a stat: an entry for each hour of the week
_BARE = 1000  # bytes of what is remembered of a stat beside its numbers

_Result = TypeVar("_Result")


class _Remembered(NamedTuple):
    """From the minute `first` on, up to `last`: low, mid, high and mean, (4, minutes); NaN where too few days are
    known."""

    first: int
    last: int
    bands: Floats


_kept: Lru[tuple[Path, Stat, str], _Remembered] = Lru(128 << 20, lambda kept: _BARE + kept.bands.nbytes)


class _Learned(NamedTuple):
    until: int  # minute
    gaps: QuietGaps


_learned: Lru[tuple[Path, Stat, str], _Learned] = Lru(128 << 20, lambda _: _GAPS_BYTES)
reading = ReadingTime()  # of this process


class Usual:
    """What is usual of an account's stats, from the files below `root`, as far as there is time for it."""

    def __init__(self, account_id: int, root: Path, time: ReadingTime | None = None) -> None:
        self._account_id = account_id
        self._root = root
        self._reading = time or reading
        self._left: float | None = None  # seconds that may still be read; None: nothing was read yet

    def typical(self, name: StatName, zone: ZoneInfo, minute: int) -> Typical | None:
        """What is usual of a stat at the minute (Unix time / 60); None where that is not known, or not yet."""
        stat = self._stat(name)
        kept = _kept.get((self._root, stat, zone.key))
        if kept is None or minute >= kept.last or minute < kept.first - SPAN:  # a clock may be set back
            if not self._may_read():
                return None
            kept = self._timed(lambda: self._read(stat, zone, minute))
            _kept.put((self._root, stat, zone.key), kept)
        place = minute - kept.first
        if place < 0 or np.isnan(kept.bands[0, place]):
            return None
        return Typical(*kept.bands[:, place].tolist())

    def gap(self, name: StatName, zone: ZoneInfo, minute: int) -> int | None:
        """For how many minutes the stat may be quiet at the minute; None as above."""
        stat = self._stat(name)
        kept = _learned.get((self._root, stat, zone.key))
        if kept is None or minute >= kept.until:
            if not self._may_read():
                return None if kept is None else kept.gaps.allowed(minute)
            kept = self._timed(lambda: self._learn(stat, zone, minute))
            _learned.put((self._root, stat, zone.key), kept)
        return kept.gaps.allowed(minute)

    def _stat(self, name: StatName) -> Stat:
        return Stat(self._account_id, name.process, name.kind, name.name)

    def _may_read(self) -> bool:
        if self._left is None:
            self._left = self._reading.share()
        return self._left > 0

    def _timed(self, read: Callable[[], _Result]) -> _Result:
        begun = self._reading.spent()
        found = read()
        taken = self._reading.spent() - begun
        self._reading.take(taken)
        self._left = (self._left or 0.0) - taken
        return found

    def _learn(self, stat: Stat, zone: ZoneInfo, minute: int) -> _Learned:
        moved = history.moved(self._root, stat, minute - GAP_DAYS * 1440, minute)
        return _Learned(minute + GAPS_HOLD + _turn(stat), learn(moved, zone))

    def _read(self, stat: Stat, zone: ZoneInfo, minute: int) -> _Remembered:
        """Up to the next minute at which it is this stat's turn: they do not all come at once."""
        day = dt.datetime.fromtimestamp(minute * 60, zone).date()
        found = history.usual(self._root, stat, day, zone)
        place = minute - found.start
        first, last = max(place - BACK, 0), min(place + SPAN - (minute + _turn(stat)) % SPAN, len(found.days))
        bands = np.stack([column[first:last] for column in (found.low, found.mid, found.high, found.mean)])
        bands[:, found.days[first:last] < BAND_DAYS] = np.nan
        return _Remembered(found.start + first, found.start + last, bands)


def _turn(stat: Stat) -> int:
    return int.from_bytes(blake2s(repr(stat).encode(), digest_size=2).digest()) % SPAN
