"""Errors and warnings by group: exact counts, since when, where, and the latest one of each.

The newest 100 that are kept besides (`stats.events`) are soon all of one noisy group; here each has one place.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import msgspec

from stats.aggregation.commit import Event
from stats.aggregation.fingerprint import Fingerprint, fingerprint

MOST_GROUPS = 500  # of an account and level; the one that has been silent for longest makes room
MOST_NEW = 1000  # fingerprints that are made of one commit; what is beyond counts as `OTHERS`
MOST_PROCESSES = 50  # whose counts a group has; further ones count as `ELSEWHERE`
HOURS = 24
ELSEWHERE = "…"
LONGEST_TITLE = 200  # characters
LONGEST_MESSAGE, LONGEST_STACK = 1000, 4000  # characters of the latest one that a group has
LEVELS = ("error", "warning")
_GROUP_BYTES = 1500  # beside its texts

OTHERS = Fingerprint("others", "Too many different ones came in one commit; these were counted and not looked at.")


class ErrorGroup(msgspec.Struct):
    """A group: `cnt` events from `first` to `last` (Unix seconds), `nam` of which process each, how many in each of the
    `HOURS` up to that of `last`, and the latest of them: `msg`, `trc`."""

    key: str
    lvl: str
    typ: str
    title: str
    why: str
    first: float
    last: float
    cnt: int = 0
    nam: dict[str, int] = {}
    hours: list[int] = msgspec.field(default_factory=lambda: [0] * HOURS)
    msg: str = ""
    trc: str = ""

    def count(self, number: int, process: str, at: float) -> None:
        """Counts so many events of a process, the newest of `at`."""
        self.cnt += number
        place = process if process in self.nam or len(self.nam) < MOST_PROCESSES else ELSEWHERE
        self.nam[place] = self.nam.get(place, 0) + number
        self._roll(_hour(at) - _hour(self.last))
        ago = _hour(self.last) - _hour(at)
        if at > self.last:
            self.last, ago = at, 0
        self.first = min(self.first, at)
        if ago < HOURS:
            self.hours[HOURS - 1 - ago] += number

    def _roll(self, hours: int) -> None:
        """Makes room for hours that have begun since the latest event."""
        passed = min(max(hours, 0), HOURS)
        self.hours = [*self.hours[passed:], *[0] * passed]

    @property
    def nbytes(self) -> int:
        """About the memory it takes."""
        return _GROUP_BYTES + len(self.msg) + len(self.trc) + len(self.why) + len(self.title)


Groups = OrderedDict[str, ErrorGroup]  # by key, the one that was counted last at the end


class ErrorGroups:
    """The groups of every account; which have something new since `take_changed` was last called is remembered."""

    def __init__(self) -> None:
        self.nbytes = 0
        self._groups: dict[tuple[int, str], Groups] = {}  # by account and level
        self._changed: set[int] = set()

    def add(self, account_id: int, process: str, events: Sequence[tuple[Event, float]]) -> list[ErrorGroup]:
        """Counts the events of a commit, each with its Unix time and its texts cut to what is kept; returns the group
        of each."""
        if not events:
            return []
        self._changed.add(account_id)
        known: dict[tuple[str, ...], Fingerprint] = {}
        return [self._count(account_id, process, event, at, _found(known, event, process)) for event, at in events]

    def groups(self, account_id: int) -> list[ErrorGroup]:
        """All groups of an account, the one that was seen last first."""
        found = [group for level in LEVELS for group in self._of(account_id, level).values()]
        return sorted(found, key=lambda group: group.last, reverse=True)

    def find(self, account_id: int, level: str, key: str) -> ErrorGroup | None:
        """A group of an account."""
        return self._of(account_id, level).get(key)

    def restore(self, account_id: int, groups: Sequence[ErrorGroup]) -> None:
        """Puts back what a file holds: the one that was seen last first."""
        for group in reversed(groups):
            self._keep(account_id, group)

    def drop(self, account_id: int) -> None:
        """Forgets an account."""
        for level in LEVELS:
            self.nbytes -= sum(group.nbytes for group in self._groups.pop((account_id, level), Groups()).values())
        self._changed.discard(account_id)

    def take_changed(self) -> Iterator[tuple[int, list[ErrorGroup]]]:
        """Each account that has something new, and all its groups as they are now."""
        changed, self._changed = self._changed, set()
        for account_id in changed:
            yield account_id, self.groups(account_id)

    def _count(self, account_id: int, process: str, event: Event, at: float, found: Fingerprint) -> ErrorGroup:
        group = self._of(account_id, event.lvl).get(found.key)
        if group is None:
            group = ErrorGroup(found.key, event.lvl, _line(event.typ), _line(event.tpl or event.msg), found.why, at, at)
        else:
            self.nbytes -= group.nbytes
        if at >= group.last:
            group.msg, group.trc = _beginning(event.msg, LONGEST_MESSAGE), _beginning(event.trc, LONGEST_STACK)
        group.count(event.cnt, process, at)
        self._keep(account_id, group)
        return group

    def _keep(self, account_id: int, group: ErrorGroup) -> None:
        groups = self._groups.setdefault((account_id, group.lvl), Groups())
        groups[group.key] = group
        groups.move_to_end(group.key)
        self.nbytes += group.nbytes
        if len(groups) > MOST_GROUPS:
            _, silent = groups.popitem(last=False)
            self.nbytes -= silent.nbytes

    def _of(self, account_id: int, level: str) -> Groups:
        return self._groups.get((account_id, level), Groups())


def _found(known: dict[tuple[str, ...], Fingerprint], event: Event, process: str) -> Fingerprint:
    texts = (event.typ, event.trc, event.tpl, event.log, event.loc)
    found = known.get(texts)
    if found is None:
        found = known[texts] = fingerprint(event, process) if len(known) < MOST_NEW else OTHERS
    return found


def _beginning(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n[cut: the event itself has more]"


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[:LONGEST_TITLE]}…"


def _hour(at: float) -> int:
    return int(at // 3600)
