"""Values become partial aggregates: the pure part of the client, which the server's UDP ingest uses too.

No thread, no clock, no input or output. An `Interval` collects the values of all stats of one process for some seconds,
and `Interval.take` gives them as the `prt` of a commit. It does not lock: one thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dattss.accumulator import Accumulator, Partials
from dattss.repeats import Repeats, kind_of, repeating
from dattss.values import Kind, Number, parse_value, parse_values, read_alike


class Interval:
    """The values of all stats of one process since the last `take`."""

    def __init__(self) -> None:
        self._stats: dict[tuple[Kind, str], Accumulator] = {}
        self._repeats: dict[str, Repeats] = {}

    def __len__(self) -> int:
        """How many stats have values."""
        return len(self._stats) + sum((one.kind, name) not in self._stats for name, one in self._repeats.items())

    def names(self) -> set[str]:
        """The stats that have values."""
        return {name for _, name in self._stats} | self._repeats.keys()

    def add(self, name: str, typ: Kind, value: Number, emphasis: bool = False) -> None:
        """Takes one value. The caller has checked the name (`is_name`) and the value (`parse_value`)."""
        self._settle(name)
        self._stat(typ, name).add(value, emphasis)

    def add_texts(self, name: str, texts: Sequence[object]) -> list[object]:
        """Takes values as a program wrote them, in their order. Returns those that are none."""
        if not texts or self._count(name, texts):
            return []
        self._settle(name)
        alike = read_alike(texts)
        if alike is None:
            return self._add_one_by_one(name, texts)
        kind, emphasis, numbers = alike
        stat = self._stat(kind, name)
        stat.emp = stat.emp or emphasis
        stat.add_all(numbers)
        return []

    def take(self) -> Partials:
        """All stats' partial aggregates by type; the interval begins anew, empty."""
        for name in list(self._repeats):
            self._settle(name)
        stats, self._stats = self._stats, {}
        partials: Partials = {"c": [], "ms": [], "g": []}
        for stat in stats.values():
            partials[stat.typ].append(stat.partial())
        return partials

    def _count(self, name: str, texts: Sequence[object]) -> bool:
        """Takes texts that repeat themselves, if these do."""
        repeats = self._repeats.get(name)
        if repeats is not None:
            return repeats.add(texts)
        kind = kind_of(texts) if repeating(texts) else None
        if kind is None:
            return False
        repeats = Repeats(kind)
        if not repeats.add(texts):
            return False
        self._repeats[name] = repeats
        return True

    def _settle(self, name: str) -> None:
        """What was counted goes to the stat, before something does that came later."""
        repeats = self._repeats.pop(name, None)
        if repeats is not None:
            repeats.hand_over(self._stat(repeats.kind, name))

    def _add_one_by_one(self, name: str, texts: Sequence[object]) -> list[object]:
        plain = [text for text in texts if type(text) is str]
        known = parse_values(plain)  # programs repeat themselves: `1c` is read once
        bad: list[object] = []
        adders: dict[Kind, Callable[[Number, bool], None]] = {}
        for text in texts:
            parsed = known[text] if type(text) is str else parse_value(text)
            if parsed is None:
                bad.append(text)
                continue
            number, kind, emphasis = parsed
            if kind not in adders:
                adders[kind] = self._stat(kind, name).add
            adders[kind](number, emphasis)
        return bad

    def _stat(self, typ: Kind, name: str) -> Accumulator:
        stat = self._stats.get((typ, name))
        if stat is None:
            stat = self._stats[typ, name] = Accumulator(typ, name)
        return stat
