"""The instances of a process: each run of a program that commits under the process's name.

An instance says who it is by its `iid`. One that begins after another has fallen silent has taken its place: that is a
restart. One that begins while all others go on, as prefork workers do, is not. An instance that was taken to have ended
and speaks again has not ended, and the restart is taken back.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import msgspec

from stats.aggregation.commit import Commit
from stats.aggregation.quiet import DEFAULT_INTERVAL, DOWN_AFTER

MOST = 100  # instances of a process that are kept; of those that are gone, the one that is so longest goes first
MOST_OF_ACCOUNT = 20_000
KEPT_SECONDS = 3600.0  # so long one that is down is kept; the newest of a process stays
MOST_RESTARTS = 128  # whose times are kept
_LONGEST_TEXT = 128  # characters of a host and a version
_SLACK = 1.0  # seconds by which an end may seem to lie after the begin that follows: commits take their way
_FLAPPING = 3  # restarts in a row that make a habit
_RECENT = 10  # restarts that the habit is measured by
_SELDOM = 900.0  # seconds between restarts, above which it is none


class Instance(msgspec.Struct, gc=False, omit_defaults=True):
    """One run. Times are Unix seconds; `upt` seconds, `mem` bytes and `cpu` per cent of one core, as of `seen`.

    `began` is when it was started, as far as it tells. `first` is the number of the first commit that came, `next` the
    one that is due, `missing` how many between did not come; `late` counts commits that came more than an interval
    after their time. `ended` is when another took its place, 0 as long as none has.
    """

    iid: str
    began: float
    seen: float
    first: int = 0
    next: int = 0
    missing: int = 0
    late: int = 0
    upt: float | None = None
    mem: float | None = None
    cpu: float | None = None
    err: int = 0
    wrn: int = 0
    hst: str = ""
    ver: str = ""
    ended: float = 0.0


class Tally:
    """How many instances an account has."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Instances:
    """Those of one process. `crowded` is when one spoke last that there was no room for, 0 where none did."""

    __slots__ = ("_own", "_shared", "_tally", "crowded", "late", "missing", "restarted", "restarts")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        # What `share` has given away is copied before it changes.
        self._own: dict[str, Instance] = {}
        self._shared: dict[str, Instance] = {}
        self.restarts = 0
        self.restarted: list[float] = []  # when, of the newest `MOST_RESTARTS`
        self.late = 0  # of those that were folded away
        self.missing = 0
        self.crowded = 0.0

    def hear(self, commit: Commit, at: float, errors: int, warnings: int) -> None:
        """A commit whose interval ended `at`, and how many errors and warnings it tells of."""
        one = self._own.get(commit.iid)
        if one is None:
            one = self._find(commit, at)
            if one is None:
                return
        number = commit.seq
        if number is not None:
            if number == one.next:
                one.next = number + 1
            else:
                _skip(one, number)
        if at >= one.seen:
            one.seen = at
            one.upt, one.mem, one.cpu = commit.upt, commit.mem, commit.cpu
        if commit.age > DEFAULT_INTERVAL:
            one.late += 1
        if errors or warnings:
            one.err += errors
            one.wrn += warnings
        if commit.hst or commit.ver:
            one.hst, one.ver = commit.hst[:_LONGEST_TEXT], commit.ver[:_LONGEST_TEXT]

    def all(self) -> list[Instance]:
        """Every one that is kept; not to be changed."""
        return [*{**self._shared, **self._own}.values()]

    def share(self) -> list[Instance]:
        """The same, and none of them changes any more."""
        if self._own:
            self._shared = {**self._shared, **self._own}
            self._own = {}
        return [*self._shared.values()]

    def fold(self, now: float) -> None:
        """Forgets those that are down for an hour, but for the newest."""
        if len(self._own) + len(self._shared) < 2:  # as nearly all
            return
        known = sorted(self.all(), key=lambda one: one.seen)
        for one in known[:-1]:
            if one.seen < now - KEPT_SECONDS:
                self._drop(one)

    def set_back(self, now: float) -> None:
        """The clock has stepped back: what was seen at times that are still to come was seen now."""
        for one in self.all():
            if one.seen > now or one.began > now:
                own = self._changeable(one)
                own.seen, own.began = min(own.seen, now), min(own.began, now)
        self.restarted = [min(at, now) for at in self.restarted]
        self.share()

    def clear(self) -> None:
        """The process is gone."""
        self._tally.count -= len(self.all())
        self._own, self._shared = {}, {}

    def state(self) -> dict[str, Any]:
        """What a `.cur` file has of them. Nothing of it changes any more."""
        return {
            "restarts": self.restarts,
            "restarted": self.restarted,
            "late": self.late,
            "missing": self.missing,
            "instances": self.share(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from what a `.cur` file has; one of before there were instances has nothing."""
        self.restarts = state.get("restarts", 0)
        self.restarted = state.get("restarted", [])
        self.late, self.missing = state.get("late", 0), state.get("missing", 0)
        for entry in state.get("instances", ()):
            with suppress(msgspec.ValidationError):  # of another version: it begins again
                one = msgspec.convert(entry, Instance)
                self._shared[one.iid] = one
        self._tally.count += len(self._shared)

    def _find(self, commit: Commit, at: float) -> Instance | None:
        """The instance that speaks for the first time, or for the first time since `share`; None without room."""
        known = self._shared.get(commit.iid)
        if known is None:
            return self._begin(commit, at)
        one = self._changeable(known)
        if one.ended:
            self._take_back(one, at)
        return one

    def _begin(self, commit: Commit, at: float) -> Instance | None:
        if not self._has_room(at):
            self.crowded = at
            return None
        began = at - (DEFAULT_INTERVAL if commit.upt is None else commit.upt)
        if commit.iid:
            self._succeed(began)
        number = commit.seq or 0
        one = Instance(commit.iid, began, at, first=number, next=number)
        self._own[commit.iid] = one
        self._tally.count += 1
        return one

    def _succeed(self, began: float) -> None:
        """Where one had fallen silent at `began`, the one that began then took its place."""
        silent = [one for one in self.all() if one.iid and not one.ended and one.seen <= began + _SLACK]
        if silent:
            last = self._changeable(min(silent, key=lambda one: one.seen))
            last.ended = began
            self.restarts += 1
            self.restarted = sorted((*self.restarted, began))[-MOST_RESTARTS:]
            # `hear` does not look at whether one has ended: among the shared ones it is not found at once.
            self._shared = {**self._shared, last.iid: self._own.pop(last.iid)}

    def _take_back(self, one: Instance, at: float) -> None:
        """It has not ended; another may have, in whose place came the one that was taken for its successor."""
        began, one.ended, one.seen = one.ended, 0.0, max(one.seen, at)
        self.restarts -= 1
        self.restarted = [other for other in self.restarted if other != began]
        self._succeed(began)

    def _changeable(self, one: Instance) -> Instance:
        own = self._own.get(one.iid)
        if own is None:
            own = self._own[one.iid] = msgspec.structs.replace(one)
        return own

    def _has_room(self, now: float) -> bool:
        known = self.all()
        if not known or (len(known) < MOST and self._tally.count < MOST_OF_ACCOUNT):
            return True
        gone = [one for one in known if one.ended or one.seen < now - DOWN_AFTER]
        if gone:
            self._drop(min(gone, key=lambda one: one.seen))
        return bool(gone)

    def _drop(self, one: Instance) -> None:
        self.late += one.late
        self.missing += one.missing
        self._own.pop(one.iid, None)
        self._shared = {iid: other for iid, other in self._shared.items() if iid != one.iid}
        self._tally.count -= 1


def _skip(one: Instance, number: int) -> None:
    """A commit that is not the one that was due: a later one leaves a gap, an earlier one fills it."""
    if not one.iid:  # several may share the numbers
        return
    if number > one.next:
        one.missing += number - one.next
        one.next = number + 1
    elif number >= one.first:
        one.missing = max(one.missing - 1, 0)


def restarts_since(times: Iterable[float], since: float) -> int:
    """How many of the restarts came after `since`."""
    return sum(1 for at in times if at >= since)


def habit(times: Iterable[float], now: float) -> float | None:
    """Seconds between restarts where they go on and on; None where they do not."""
    recent = sorted(times)[-_RECENT:]
    if len(recent) < _FLAPPING:
        return None
    mean = sum(later - earlier for earlier, later in pairwise(recent)) / (len(recent) - 1)
    still = now - recent[-1] <= 3 * mean + DOWN_AFTER
    return round(mean, 1) if still and mean <= _SELDOM else None


def shown(instances: Iterable[Instance]) -> Iterator[Instance]:
    """Those that run first, then the newest first."""
    yield from sorted(instances, key=lambda one: (one.ended > 0, -one.seen))
