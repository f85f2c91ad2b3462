"""What is usual of a stat, remembered for a while: to read it anew each minute would be weeks of files."""

import datetime as dt
from hashlib import blake2s
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.observation import Typical
from alerts.quiet_gaps import QuietGaps, learn
from alerts.targets import StatName
from stats import history
from stats.aggregation.typical import BAND_DAYS
from stats.storage.lru import Lru
from stats.storage.paths import Stat

SPAN = 60  # minutes that are remembered together
MOST_NEW = 300  # stats of an account that are read for one minute: some seconds; further ones have to wait a minute

GAP_DAYS = 28  # that are looked at for quiet gaps
GAPS_HOLD = 1440  # minutes

_BYTES = 12_000  # of what is remembered of a stat


class _Remembered(NamedTuple):
    first: int  # minute
    typical: list[Typical | None]


_kept: Lru[tuple[Stat, str], _Remembered] = Lru(128 << 20, lambda _: _BYTES)


class _Learned(NamedTuple):
    until: int  # minute
    gaps: QuietGaps


_learned: Lru[tuple[Stat, str], _Learned] = Lru(128 << 20, lambda _: _BYTES)


class Usual:
    """What is usual of an account's stats, from the files below `root`."""

    def __init__(self, account_id: int, root: Path) -> None:
        self._account_id = account_id
        self._root = root
        self._left: dict[int, int] = {}  # how many may still be read, by the minute they are for

    def typical(self, name: StatName, zone: ZoneInfo, minute: int) -> Typical | None:
        """What is usual of a stat at the minute (Unix time / 60); None where that is not known, or not yet."""
        stat = self._stat(name)
        kept = _kept.get((stat, zone.key))
        if kept is None or not kept.first <= minute < kept.first + len(kept.typical):
            if not self._may_read(minute):
                return None
            kept = self._read(stat, zone, minute)
            _kept.put((stat, zone.key), kept)
        return kept.typical[minute - kept.first]

    def gap(self, name: StatName, zone: ZoneInfo, minute: int) -> int | None:
        """For how many minutes the stat may be quiet at the minute; None as above."""
        stat = self._stat(name)
        kept = _learned.get((stat, zone.key))
        if kept is None or minute >= kept.until:
            if not self._may_read(minute):
                return None if kept is None else kept.gaps.allowed(minute)
            moved = history.moved(self._root, stat, minute - GAP_DAYS * 1440, minute)
            kept = _Learned(minute + GAPS_HOLD + _turn(stat), learn(moved, zone))
            _learned.put((stat, zone.key), kept)
        return kept.gaps.allowed(minute)

    def _stat(self, name: StatName) -> Stat:
        return Stat(self._account_id, name.process, name.kind, name.name)

    def _may_read(self, minute: int) -> bool:
        left = self._left.get(minute, MOST_NEW)
        self._left = {minute: max(left - 1, 0)}
        return left > 0

    def _read(self, stat: Stat, zone: ZoneInfo, minute: int) -> _Remembered:
        """From the minute on to the next one at which it is this stat's turn: they do not all come at the full hour."""
        day = dt.datetime.fromtimestamp(minute * 60, zone).date()
        found = history.usual(self._root, stat, day, zone)
        first = minute - found.start
        last = min(first + SPAN - (minute + _turn(stat)) % SPAN, len(found.days))
        columns = (found.low, found.mid, found.high, found.mean, found.days)
        numbers = zip(*(column[first:last].tolist() for column in columns), strict=True)
        return _Remembered(minute, [Typical(*band) if days >= BAND_DAYS else None for *band, days in numbers])


def _turn(stat: Stat) -> int:
    return int.from_bytes(blake2s(repr(stat).encode(), digest_size=2).digest()) % SPAN
