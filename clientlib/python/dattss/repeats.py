"""Values that repeat themselves: counted as they are written, so that each different one is read once an interval.

Most stats are like that: a counter is `1c` again and again, a timer in whole milliseconds has some hundred different
values. To count a text costs a fifth of what it costs to read and sort it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import cast

from dattss.accumulator import Accumulator
from dattss.values import Kind, Number, read_alike

MOST = 2048  # different texts of a stat that are kept; values that vary more are read at once
_PROBE = 64  # texts by which it is decided whether values repeat
_FEW = 16  # texts that are not worth the trouble


def repeating(texts: Sequence[object]) -> bool:
    """Whether it pays to count these texts: of the first of them, one in sixteen has been there before."""
    probe = texts[:_PROBE]
    try:
        return len(probe) >= _FEW and len(set(probe)) <= len(probe) - len(probe) // 16
    except Exception:  # noqa: BLE001  (not all are texts, and the hash of other objects is foreign code)
        return False


def kind_of(texts: Sequence[object]) -> Kind | None:
    """The type of the first text; None where that is no value."""
    read = read_alike(texts[:1])
    return None if read is None else read[0]


class Repeats:
    """The texts of one stat, all of one type, in the order in which they came."""

    __slots__ = ("_counts", "_first", "_last", "_numbers", "emp", "kind")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.emp = False
        self._counts: Counter[str] = Counter()
        self._numbers: list[Number] = []  # what the texts say, in the order of `_counts`
        self._first = self._last = ""

    def add(self, texts: Sequence[object]) -> bool:
        """Counts all of the texts, or none and says so: where one is no value, they are not written alike, are of
        another type, or too many are different."""
        # A copy: what is no text may have a hash that fails in the middle.
        counts = Counter(self._counts)
        try:
            counts.update(cast("Sequence[str]", texts))
        except Exception:  # noqa: BLE001  (as above)
            return False
        if len(counts) > MOST or not self._read(list(islice(counts, len(self._counts), None))):
            return False
        if not self._counts:
            self._first = cast("str", texts[0])
        self._last = cast("str", texts[-1])
        self._counts = counts
        return True

    def hand_over(self, stat: Accumulator) -> None:
        """Adds what was counted to the stat."""
        numbers = dict(zip(self._counts, self._numbers))
        stat.emp = stat.emp or self.emp
        stat.add_counted(self._numbers, list(self._counts.values()), numbers[self._first], numbers[self._last])

    def _read(self, texts: list[str]) -> bool:
        """Notes what texts say that were not met before; False, and nothing is noted, where they are not alike."""
        if not texts:
            return True
        read = read_alike(texts)
        if read is None or read[0] != self.kind:
            return False
        self.emp = self.emp or read[1]
        self._numbers += read[2]
        return True
