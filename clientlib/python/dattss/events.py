"""Where errors and warnings wait until a commit takes them: counted by kind, described once an interval.

To count one of a kind that is known is a look-up and a step of a counter. Its message and stack are only made for the
first of each interval.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from typing import Literal, NamedTuple

from dattss.scrub import Scrubber
from dattss.tally import Tally
from dattss.texts import LONGEST_NAME, beginning, cut, cut_stack, encodable

Level = Literal["error", "warning"]

MOST_KINDS = 100  # at a time; what is beyond them is counted and not described
ROOM = 256_000  # characters of texts in a commit, which may have 1 MiB; kinds beyond wait for the next one
_QUIET = 60.0  # seconds after which a kind that comes again is told at once, as a new one is
_IDLE = 5.0  # seconds after which a kind makes room for new ones
_LONGEST_STACK = 128_000  # characters in which secrets are looked for


class Description(NamedTuple):
    """One error or warning in words, as a commit's `evt` has them."""

    msg: str
    typ: str = ""
    trc: str = ""
    tpl: str = ""
    log: str = ""
    loc: str = ""


class Told(NamedTuple):
    """What a commit tells of a kind: `cnt` of them, the newest at the monotonic time `at`. Those of one kind have the
    same `kind`; `fields` are the texts of one of them."""

    kind: int
    fields: dict[str, str]
    at: float
    cnt: int

    def characters(self) -> int:
        """How long its texts are."""
        return sum(map(len, self.fields.values()))


def merged(parts: list[Told]) -> list[Told]:
    """Those of several commits, given in the order of time, as if they had been of one: as many of the newest as one
    has room for. What has no room is still counted by its commit."""
    kinds: dict[int, Told] = {}
    for part in parts:
        before = kinds.pop(part.kind, part)
        kinds[part.kind] = part if before is part else part._replace(cnt=before.cnt + part.cnt)
    room = ROOM
    kept: list[Told] = []
    for told in reversed(kinds.values()):
        room -= told.characters()
        if room < 0 or len(kept) == MOST_KINDS:
            break
        kept.append(told)
    return kept[::-1]


class _Kind:
    """Errors or warnings that are alike. `held` keeps alive what its key has the ids of."""

    __slots__ = ("at", "described", "held", "level", "note", "number", "stale", "take", "taken")

    def __init__(self, level: Level, number: int, held: object) -> None:
        tally = Tally()
        self.note, self.take = tally.note, tally.take
        self.level = level
        self.number = number
        self.held = held
        self.at = 0.0
        self.taken = 0
        self.stale = False

    def describe(self, description: Description) -> None:
        """Keeps no more of long texts than is looked at."""
        kept = description._replace(
            msg=beginning(description.msg),
            trc=cut_stack(description.trc, _LONGEST_STACK),
            tpl=beginning(description.tpl),
        )
        self.described = kept, len(description.msg)  # in one step: another thread may be about to tell it
        self.stale = False

    def tell(self, count: int, scrubber: Scrubber) -> Told:
        """The description, fit to be sent."""
        description, length = self.described
        msg, typ, trc, tpl, log, loc = map(encodable, description)
        texts = {
            "lvl": self.level,
            "msg": cut(scrubber.scrub(msg), length),
            "typ": typ[:LONGEST_NAME],
            "trc": cut_stack(scrubber.scrub(trc)),
            "tpl": cut(scrubber.scrub(tpl), 0),
            "log": log[:LONGEST_NAME],
            "loc": loc[-LONGEST_NAME:],
        }
        return Told(
            self.number, {field: text for field, text in texts.items() if text or field == "msg"}, self.at, count
        )


class Taken(NamedTuple):
    """What a commit says: exact counts, and the kinds that are described."""

    err: int
    wrn: int
    told: list[Told]


class Events:
    """Kinds by key. Nothing is locked: each step that two threads could take at once is one of the interpreter's.

    `urgent`: there is something that should not wait for the end of the interval. `news`: something was described, so
    that the thread that delivers must run; for the caller to reset. `now` gives monotonic seconds.
    """

    def __init__(self, scrubber: Scrubber, now: Callable[[], float]) -> None:
        self._scrubber = scrubber
        self._now = now
        self.forget()

    def forget(self) -> None:
        """Starts anew in a forked child: what the parent counted is the parent's."""
        self.urgent = False
        self.news = False
        self._kinds: dict[Hashable, _Kind] = {}
        self._leaving: list[list[_Kind]] = [[], []]
        self._beyond: dict[Level, Tally] = {"error": Tally(), "warning": Tally()}
        self._numbers = itertools.count()
        self._takes = 0
        self._describing = threading.local()

    def known(self, key: Hashable) -> bool:
        """Counts one of a kind that is described already. False when it is not: it is not counted then."""
        kind = self._kinds.get(key)
        if kind is None or kind.stale:
            return False
        kind.at = self._now()
        kind.note()
        return True

    def count(self, level: Level, key: Hashable, held: object, describe: Callable[[], Description]) -> None:
        """Counts one of any kind; `describe` is called unless there are too many kinds. Never raises for it."""
        kind = self._kinds.get(key)
        if (kind is None and len(self._kinds) >= MOST_KINDS) or getattr(self._describing, "busy", False):
            self.count_only(level)  # busy: the text of an error told of another error
            return
        self._describing.busy = True
        try:
            description = describe()
        except Exception as error:  # noqa: BLE001 - foreign code makes texts; the error itself is to be told all the same
            description = Description(f"(its text cannot be made: {type(error).__name__})")
        finally:
            self._describing.busy = False
        if kind is None:
            made = _Kind(level, next(self._numbers), held)
            made.describe(description)
            kind = self._kinds.setdefault(key, made)  # one step: two threads get the same
        else:
            kind.describe(description)
        now = self._now()
        if now - kind.at > _QUIET or not kind.at:
            self.urgent = True
        kind.at = now
        kind.note()
        self.news = True

    def count_only(self, level: Level) -> None:
        """Counts one without a description."""
        self._beyond[level].note()

    def take(self) -> Taken:
        """All counts since the last `take`, those of kinds only as far as there is room for their texts; then `urgent`
        is true. For one thread at a time."""
        self.urgent = False
        self._takes += 1
        told: list[Told] = []
        counts: dict[Level, int] = {level: tally.take() for level, tally in self._beyond.items()}
        room = ROOM
        kinds = [*self._kinds.copy().values(), *self._leaving[0], *self._leaving[1]]
        for kind in sorted(kinds, key=_taken):  # else the first ones could take the room of the others for ever
            if room <= 0:
                self.urgent = True
                break
            count = kind.take()
            if not count:
                continue
            told.append(kind.tell(count, self._scrubber))
            kind.stale = True
            kind.taken = self._takes
            room -= told[-1].characters()
            counts[kind.level] += count
        self._let_idle_kinds_go()
        return Taken(counts["error"], counts["warning"], told)

    def _let_idle_kinds_go(self) -> None:
        """A thread may be about to count one of a kind that goes: it is looked at in two more takes."""
        if self.urgent:
            return  # not all were looked at
        self._leaving = [self._leaving[1], []]
        if len(self._kinds) < MOST_KINDS:
            return
        now = self._now()
        for key, kind in self._kinds.copy().items():
            if now - kind.at > _IDLE:
                self._leaving[1].append(self._kinds.pop(key))


def _taken(kind: _Kind) -> int:
    return kind.taken
