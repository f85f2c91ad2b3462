"""Errors and warnings of an account: the newest 100 of each and the groups of all, and which accounts have new ones to
write."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import msgspec

from stats.aggregation.commit import Commit, Event
from stats.aggregation.error_groups import ErrorGroup, ErrorGroups
from stats.storage.paths import EventFile, Level

KEPT = 100
LEVELS: tuple[Level, ...] = ("error", "warning")
FILES: tuple[EventFile, ...] = (*LEVELS, "group")
LONGEST = 16_384  # characters of a message or a stack that are kept
_EVENT_BYTES = 600  # beside its texts
_TEXTS = ("typ", "msg", "trc", "tpl", "log", "loc")
Ring = deque[dict[str, Any]]


class Events:
    """The rings and groups of every account; what changed since `take_changed` was last called is remembered."""

    def __init__(self) -> None:
        self._ring_bytes = 0
        self._rings: dict[tuple[int, Level], Ring] = {}
        self._groups = ErrorGroups()
        self._changed: set[tuple[int, Level]] = set()

    @property
    def nbytes(self) -> int:
        """About what all of it takes of memory."""
        return self._ring_bytes + self._groups.nbytes

    def add(self, account_id: int, commit: Commit, now: float) -> list[dict[str, Any]]:
        """Counts the events of a commit that arrived at `now` and keeps them, of very many the newest; returns what it
        keeps, as pages and files show it."""
        events = [(_cut(event), round(now - commit.age - event.age, 3)) for event in commit.evt]
        groups = self._groups.add(account_id, commit.nam, events)
        shown: list[dict[str, Any]] = []
        for place in _newest(commit.evt):
            event, at = events[place]
            shown.append(
                {
                    "at": at,
                    "nam": commit.nam,
                    "lvl": event.lvl,
                    "typ": event.typ,
                    "msg": event.msg,
                    "trc": event.trc,
                    "cnt": event.cnt,
                    "grp": groups[place].key,
                }
            )
            self._append(account_id, event.lvl, shown[-1])
            self._changed.add((account_id, event.lvl))
        return shown

    def restore(self, account_id: int, file: EventFile, events: list[dict[str, Any]]) -> None:
        """Puts back what a file holds."""
        if file == "group":
            self._groups.restore(account_id, list(_groups_in(events)))
            return
        for event in events:
            self._append(account_id, file, event)

    def drop(self, account_id: int) -> None:
        """Forgets an account."""
        for level in LEVELS:
            self._ring_bytes -= sum(map(_size, self._rings.pop((account_id, level), ())))
            self._changed.discard((account_id, level))
        self._groups.drop(account_id)

    def recent(self, account_id: int, most: int) -> list[dict[str, Any]]:
        """The newest errors and warnings together, oldest first."""
        both = [event for level in LEVELS for event in self._rings.get((account_id, level), ())]
        return sorted(both, key=lambda event: float(event["at"]))[-most:]

    def of_level(self, account_id: int, level: Level) -> dict[str, list[dict[str, Any]]]:
        """The last `events` of a level, newest last, and its `groups`, the one that was seen last first, without
        stacks."""
        groups = [msgspec.to_builtins(group) for group in self._groups.groups(account_id) if group.lvl == level]
        for group in groups:
            del group["trc"]
        return {"events": list(self._rings.get((account_id, level), ())), "groups": groups}

    def group(self, account_id: int, level: Level, key: str) -> dict[str, Any] | None:
        """One group with the stack of its latest event, and those of the last events that are in it."""
        found = self._groups.find(account_id, level, key)
        if found is None:
            return None
        events = [event for event in self._rings.get((account_id, level), ()) if event.get("grp") == key]
        return {"group": msgspec.to_builtins(found), "events": events}

    def take_changed(self) -> Iterator[tuple[int, EventFile, list[dict[str, Any]]]]:
        """Account, file and all that belongs into it, for each that has something new."""
        changed, self._changed = self._changed, set()
        for account_id, level in changed:
            yield account_id, level, list(self._ring(account_id, level))
        for account_id, groups in self._groups.take_changed():
            yield account_id, "group", [msgspec.to_builtins(group) for group in groups]

    def _append(self, account_id: int, level: Level, event: dict[str, Any]) -> None:
        ring = self._ring(account_id, level)
        if len(ring) == KEPT:
            self._ring_bytes -= _size(ring[0])
        ring.append(event)
        self._ring_bytes += _size(event)

    def _ring(self, account_id: int, level: Level) -> Ring:
        return self._rings.setdefault((account_id, level), deque(maxlen=KEPT))


def _size(event: dict[str, Any]) -> int:
    return _EVENT_BYTES + sum(len(event.get(field, "")) for field in ("msg", "trc", "typ", "nam"))


def _newest(events: list[Event]) -> list[int]:
    """The places of the newest `KEPT` of each level, in order: a ring takes no more; a commit may have a million."""
    if len(events) <= KEPT:
        return list(range(len(events)))
    places: dict[str, deque[int]] = {level: deque(maxlen=KEPT) for level in LEVELS}
    for place, event in enumerate(events):
        places[event.lvl].append(place)
    return sorted(chain.from_iterable(places.values()))


def _groups_in(entries: list[dict[str, Any]]) -> Iterator[ErrorGroup]:
    for entry in entries:
        with suppress(msgspec.ValidationError):  # of another version: it begins again
            yield msgspec.convert(entry, ErrorGroup)


def _cut(event: Event) -> Event:
    """The event, its texts cut to their beginnings with a notice where they are too long to keep."""
    long = {name: text for name in _TEXTS if len(text := getattr(event, name)) > LONGEST}
    if not long:
        return event
    notices = {name: f"{text[:LONGEST]}\n[cut: {len(text) - LONGEST:,} more characters]" for name, text in long.items()}
    return msgspec.structs.replace(event, **notices)
