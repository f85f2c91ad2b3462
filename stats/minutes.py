"""The minutes that were flushed last, for whoever evaluates them: values, processes and groups of errors.

Of every account the newest minute is kept; of those that somebody asks about, a few more, so that one who comes late
misses nothing. Nobody reads files for it: a look at 10,000 of them would cost more than all else that is done with it.
What values came late for is told with the next minute.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

import msgspec
import numpy as np

from stats.aggregation.arithmetic import FIELDS, Floats, Rows
from stats.aggregation.cut import Cut, Minute
from stats.aggregation.partial import Aggregate, Kind
from stats.storage import late
from stats.storage.late import Late
from stats.storage.lines import Lines
from stats.storage.paths import EventFile, stat_of
from stats.storage.prt import parse_line

KEPT = 5  # minutes before the newest, of an account that is asked about
ASKED_MINUTES = 15  # as long an account counts as asked about after the last time


class ProcessSeen(NamedTuple):
    """A process: up to which Unix time its values are here, its uptime then in seconds, or None, and the Unix time at
    which anything came of it last, be it late."""

    name: str
    seen: float
    upt: float | None
    heard: float


class GroupNews(NamedTuple):
    """A group of errors or warnings (`level`) that had `number` events; `new`: its first ones. `last` is the Unix time
    of the latest."""

    level: str
    key: str
    title: str
    number: int
    new: bool
    last: float


class LateMinute(msgspec.Struct, array_like=True):
    """An account's stats that values came late for, and what their minute (Unix time / 60) is by now; as in an
    `AccountMinute`."""

    minute: int
    stats: list[tuple[str, Kind, str]]
    columns: bytes
    sketches: list[str]

    def values(self) -> Floats:
        """The numbers: (8, stats)."""
        return _numbers(self.columns)


class AccountMinute(msgspec.Struct, array_like=True):
    """An account's minute (Unix time / 60). `whole`: this server took commits from its begin on. `processes` are as of
    its end.

    `stats` are process, type and name of all that are live, `columns` the bytes of their (8, stats) numbers in the
    order of an `Aggregate`, with a count of 0 where the minute had no values, and `sketches`, where asked for, a text
    for each, empty where there is none. `late`: minutes before, for which values have come since the minute before this
    one was told, the oldest first. `resting`, where asked for: stats of its processes that are not live any more.
    """

    minute: int
    whole: bool
    processes: list[ProcessSeen]
    stats: list[tuple[str, Kind, str]]
    columns: bytes
    sketches: list[str]
    groups: list[GroupNews]
    late: list[LateMinute] = []
    resting: list[tuple[str, Kind, str]] = []

    def values(self) -> Floats:
        """The numbers: (8, stats)."""
        return _numbers(self.columns)


def _numbers(columns: bytes) -> Floats:
    return np.frombuffer(columns).reshape(FIELDS, -1)


@dataclass(eq=False)
class Kept:
    """The newest minute, of all accounts."""

    minute: int
    whole: bool
    parts: list[Minute]
    processes: dict[int, list[ProcessSeen]]
    groups: dict[int, list[GroupNews]]
    _places: list[dict[int, Rows]] | None = field(default=None, init=False)

    def of_account(self, account_id: int) -> AccountMinute:
        """The part of an account, with sketches."""
        stats: list[tuple[str, Kind, str]] = []
        columns: list[Floats] = []
        sketches: list[str] = []
        for part, places in zip(self.parts, self._indexed(), strict=True):
            rows = places.get(account_id)
            if rows is None:
                continue
            found = rows.tolist()
            stats += [(one.process.name, one.kind, one.name) for one in (part.stats[row] for row in found)]
            sketches += [part.sketches[row] for row in found] if part.sketches else [""] * len(found)
            columns.append(part.columns[:, rows])
        return AccountMinute(
            self.minute,
            self.whole,
            self.processes.get(account_id, []),
            stats,
            np.concatenate(columns, axis=1).tobytes() if columns else b"",
            sketches,
            self.groups.get(account_id, []),
        )

    def _indexed(self) -> list[dict[int, Rows]]:
        """The rows of each account in each part."""
        if self._places is None:
            self._places = [_rows_by_account(part) for part in self.parts]
        return self._places


def _rows_by_account(part: Minute) -> dict[int, Rows]:
    owners = np.array([stat.process.account.id for stat in part.stats], np.int64)
    order = np.argsort(owners, kind="stable")
    accounts, starts = np.unique(owners[order], return_index=True)
    return dict(zip(accounts.tolist(), np.split(order, starts[1:]), strict=True))


class Minutes:
    """See the module. It may be used by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: Kept | None = None
        self._older: dict[int, deque[AccountMinute]] = {}
        self._asked: dict[int, int] = {}  # the minute that was the newest when an account was asked about
        self._counts: dict[int, dict[tuple[str, str], int]] = {}  # of the groups of each account
        self._late: deque[Late] = deque(maxlen=late.FLUSHES)

    def bring_in(self, account_id: int, groups: list[dict[str, Any]]) -> None:
        """An account comes that has these groups of errors already."""
        self._counts[account_id] = _counts(groups)

    def drop(self, account_id: int) -> None:
        """Forgets an account; its newest minute goes with the next one."""
        with self._lock:
            self._older.pop(account_id, None)
            self._asked.pop(account_id, None)
            self._counts.pop(account_id, None)
            self._late = deque((one.without(account_id) for one in self._late), late.FLUSHES)

    def put_late(self, found: Iterable[Late]) -> None:
        """What values came late for: it is told with the minute in which they came, which is put next."""
        with self._lock:
            self._late.extend(found)

    def put(self, cut: Cut, parts: list[Minute], events: list[tuple[int, EventFile, list[dict[str, Any]]]]) -> None:
        """A minute was flushed: its values, and what there is of events that came in it."""
        groups = {account: self._news(account, found) for account, file, found in events if file == "group"}
        kept = Kept(cut.minute, cut.whole, parts, _processes(cut), groups)
        with self._lock:
            self._put_aside(kept.minute)
            self._newest = kept

    def after(self, account_id: int, minute: int, reach: int = 0) -> list[AccountMinute]:
        """What there is of an account since `minute`, oldest first; only the newest, if a clock was set back. With it
        what values came late for, no more than `reach` minutes before the one in which they came."""
        with self._lock:
            if self._newest is None:
                return []
            self._asked[account_id] = self._newest.minute
            found = [*self._older.get(account_id, ()), self._newest.of_account(account_id)]
            known = list(self._late)
        later = [one for one in found if one.minute > minute]
        if later:
            return _with_late(later, [one for one in known if one.minute > minute], account_id, reach)
        return found[-1:] if found[-1].minute < minute - KEPT else []

    def _put_aside(self, minute: int) -> None:
        """What is the newest until now is kept of accounts that are asked about."""
        self._asked = {one: at for one, at in self._asked.items() if abs(minute - at) <= ASKED_MINUTES}
        self._older = {one: kept for one, kept in self._older.items() if one in self._asked}
        if self._newest is None:
            return
        for account_id in self._asked:
            kept = self._older.setdefault(account_id, deque(maxlen=KEPT))
            if kept and kept[-1].minute >= self._newest.minute:  # the clock was set back
                kept.clear()
            kept.append(self._newest.of_account(account_id))

    def _news(self, account_id: int, groups: list[dict[str, Any]]) -> list[GroupNews]:
        before, now = self._counts.get(account_id, {}), _counts(groups)
        self._counts[account_id] = now
        return [
            GroupNews(one["lvl"], one["key"], one["title"], one["cnt"] - known, not known, one["last"])
            for one in groups
            if one["cnt"] > (known := before.get((one["lvl"], one["key"]), 0))
        ]


def _counts(groups: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(group["lvl"], group["key"]): group["cnt"] for group in groups}


def _processes(cut: Cut) -> dict[int, list[ProcessSeen]]:
    found: dict[int, list[ProcessSeen]] = {}
    for (process, entry), heard in zip(cut.processes, cut.heard, strict=True):
        seen = ProcessSeen(process.name, entry["seen"], entry["upt"], heard)
        found.setdefault(process.account.id, []).append(seen)
    return found


def _with_late(told: list[AccountMinute], known: Sequence[Late], account_id: int, reach: int) -> list[AccountMinute]:
    """The minutes, each with what values came late for in it, or in one that is not told any more."""
    with_late = []
    for minute in told:
        come = [one for one in known if one.minute <= minute.minute]
        known = known[len(come) :]
        reached = range(minute.minute - reach, minute.minute)
        lines = [line for one in come for line in one.lines if line.account == account_id and line.minute in reached]
        with_late.append(msgspec.structs.replace(minute, late=_late_minutes(lines)) if lines else minute)
    return with_late


def _late_minutes(lines: Iterable[Lines]) -> list[LateMinute]:
    """The minutes that these lines are of; of a line that came again, what it was at last."""
    found: defaultdict[int, dict[tuple[str, Kind, str], Aggregate]] = defaultdict(dict)
    for one in lines:
        for file, text in zip(one.files, one.texts, strict=True):
            stat, parsed = stat_of(file), parse_line(text[:-1])
            if stat is not None and parsed is not None:
                found[one.minute][one.process, *stat] = parsed[1]
    return [_late_minute(minute, found[minute]) for minute in sorted(found)]


def _late_minute(minute: int, stats: dict[tuple[str, Kind, str], Aggregate]) -> LateMinute:
    columns = np.array([one[:FIELDS] for one in stats.values()], np.float64).T
    return LateMinute(minute, list(stats), columns.tobytes(), [one.skt for one in stats.values()])
