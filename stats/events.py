"""Errors and warnings of an account: the newest 100 of each, and which accounts have new ones to write."""

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Any

from stats.aggregation.commit import Commit, Event
from stats.storage.paths import Level

KEPT = 100
LEVELS: tuple[Level, ...] = ("error", "warning")
LONGEST = 16_384  # characters of a message or a stack that are kept
_EVENT_BYTES = 600  # beside its texts
Ring = deque[dict[str, Any]]


class Events:
    """The rings of every account; what changed since `take_changed` was last called is remembered."""

    def __init__(self) -> None:
        self.nbytes = 0  # about what the events take of memory
        self._rings: dict[tuple[int, Level], Ring] = {}
        self._changed: set[tuple[int, Level]] = set()

    def add(self, account_id: int, commit: Commit, now: float) -> list[dict[str, Any]]:
        """Keeps the events of a commit that arrived at `now`, of very many the newest; returns what it keeps, as pages
        and files show it."""
        shown: list[dict[str, Any]] = []
        for event in _newest(commit.evt):
            shown.append(
                {
                    "at": round(now - commit.age - event.age, 3),
                    "nam": commit.nam,
                    "lvl": event.lvl,
                    "typ": _cut(event.typ),
                    "msg": _cut(event.msg),
                    "trc": _cut(event.trc),
                    "cnt": event.cnt,
                }
            )
            self._append(account_id, event.lvl, shown[-1])
            self._changed.add((account_id, event.lvl))
        return shown

    def restore(self, account_id: int, level: Level, events: list[dict[str, Any]]) -> None:
        """Puts back what a file holds."""
        for event in events:
            self._append(account_id, level, event)

    def drop(self, account_id: int) -> None:
        """Forgets an account."""
        for level in LEVELS:
            self.nbytes -= sum(map(_size, self._rings.pop((account_id, level), ())))
            self._changed.discard((account_id, level))

    def recent(self, account_id: int, most: int) -> list[dict[str, Any]]:
        """The newest errors and warnings together, oldest first."""
        both = [event for level in LEVELS for event in self._rings.get((account_id, level), ())]
        return sorted(both, key=lambda event: float(event["at"]))[-most:]

    def take_changed(self) -> Iterator[tuple[int, Level, list[dict[str, Any]]]]:
        """Account, level and the whole ring, for each that has something new."""
        changed, self._changed = self._changed, set()
        for account_id, level in changed:
            yield account_id, level, list(self._ring(account_id, level))

    def _append(self, account_id: int, level: Level, event: dict[str, Any]) -> None:
        ring = self._ring(account_id, level)
        if len(ring) == KEPT:
            self.nbytes -= _size(ring[0])
        ring.append(event)
        self.nbytes += _size(event)

    def _ring(self, account_id: int, level: Level) -> Ring:
        return self._rings.setdefault((account_id, level), deque(maxlen=KEPT))


def _size(event: dict[str, Any]) -> int:
    return _EVENT_BYTES + sum(len(event.get(field, "")) for field in ("msg", "trc", "typ", "nam"))


def _newest(events: list[Event]) -> list[Event]:
    """The newest `KEPT` of each level, in their order: a ring takes no more, and a commit may have a million."""
    if len(events) <= KEPT:
        return events
    places: dict[str, deque[int]] = {level: deque(maxlen=KEPT) for level in LEVELS}
    for place, event in enumerate(events):
        places[event.lvl].append(place)
    return [events[place] for place in sorted(chain.from_iterable(places.values()))]


def _cut(text: str) -> str:
    """`text`, or its beginning with a notice where it is too long to keep."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n[cut: {len(text) - LONGEST:,} more characters]"
