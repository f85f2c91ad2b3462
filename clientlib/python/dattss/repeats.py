"""Values that repeat themselves: counted as they are written, so that each different one is read once an interval.

Most stats are like that: a counter is `1c` again and again, a timer in whole milliseconds has some hundred different
values. To count a text costs a fifth of what it costs to read and sort it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, cast

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


class _Kept(NamedTuple):
    """How often each text came, what the texts say (`numbers`, in the same order), whether one is emphasised, and which
    came first and last. Never changed, only replaced."""

    counts: Counter[str]
    numbers: list[Number]
    emp: bool
    first: str
    last: str


class Repeats:
    """The texts of one stat, all of one type, in the order in which they came."""

    __slots__ = ("_kept", "kind")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._kept = _Kept(Counter(), [], False, "", "")

    def add(self, texts: Sequence[object]) -> bool:
        """Counts all of the texts, or none and says so: where one is no value, they are not written alike, are of
        another type, or too many are different."""
        # A copy: what is no text may have a hash that fails in the middle.
        counts = Counter(self._kept.counts)
        try:
            counts.update(cast("Sequence[str]", texts))
        except Exception:  # noqa: BLE001  (as above)
            return False
        fresh = list(islice(counts, len(self._kept.counts), None))
        read = read_alike(fresh) if fresh else (self.kind, False, [])
        if len(counts) > MOST or read is None or read[0] != self.kind:
            return False
        kept = _Kept(
            counts,
            self._kept.numbers + read[2],
            self._kept.emp or read[1],
            self._kept.first if self._kept.counts else cast("str", texts[0]),
            cast("str", texts[-1]),
        )
        # In one step: the caller may be interrupted anywhere by a signal handler that raises.
        self._kept = kept
        return True

    def hand_over(self, stat: Accumulator) -> None:
        """Adds what was counted to the stat."""
        counts, numbers, emphasis, first, last = self._kept
        read = dict(zip(counts, numbers))
        stat.emp = stat.emp or emphasis
        stat.add_counted(numbers, list(counts.values()), read[first], read[last])
