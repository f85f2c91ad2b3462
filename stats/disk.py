"""What a flush writes and a start reads: where the shard meets `stats.storage`. Called in a thread of its own."""

import gc
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from stats.aggregation.arithmetic import CNT
from stats.aggregation.cut import Calculated, Cut, Minute, calculated
from stats.aggregation.delivered import Dump, decoded, encoded
from stats.events import FILES
from stats.storage import cur, eventlog, late, lines, paths, transfer
from stats.storage import plan as plans
from stats.storage.failures import StorageError
from stats.storage.journal import Journal
from stats.storage.late import Late
from stats.storage.lines import Lines
from stats.storage.plan import GONE, Events, Held, Plan, State
from stats.storage.prt_outcome import FlushError
from stats.storage.prt_writer import Writer
from stats.storage.replace import replace
from stats.storage.transfer import HANDED_OVER

log = logging.getLogger("dattss.storage")

DELIVERED = "delivered"
MOST_HELD = 100_000  # lines; where more cannot be written the disk itself is not well, and the flush waits for it

_Item = TypeVar("_Item", State, Events)


@dataclass(eq=False)
class Unit:
    """What is flushed together: all that came in the segments of the journal up to `segment`, and in none after it.

    `events` and `delivered` are as they were when the segment ended.
    """

    segment: int
    cuts: list[Cut]
    events: list[Events]
    delivered: Dump


class Planned(NamedTuple):
    """How many lines a plan has, the minutes of each cut of its unit, and what values came late for, if any."""

    lines: int
    minutes: list[list[Minute]]
    late: Late | None


class Disk:
    """The files of a shard: values below `root`, its journal and plan in the folder of `journal`.

    `unwritable` names the files that the last flush could not write, and why. The states of `foreign` accounts are
    another shard's to write.
    """

    def __init__(self, root: Path, folder: Path, journal: Journal) -> None:
        self.unwritable: list[str] = []
        self.foreign: set[int] = set()
        self._root = root
        self._folder = folder
        self._journal = journal
        self._writer = Writer(root)
        self._undone: Plan | None = None
        self._unreadable: list[StorageError] = []  # why lines of the plan are `unread`

    def plan(self, unit: Unit) -> Planned:
        """Writes down what the files become with a unit, for `complete`.

        No plan may be left undone. Raises OSError, and then nothing has happened. After it the unit is the plan's: to
        plan it again would count it twice.
        """
        with _uncollected():
            found = [calculated(cut) for cut in unit.cuts]
            plan = self._planned(unit, found)
            plans.write(self._folder, plan)
        self._undone = plan
        lines = sum(len(one.files) for one in (*plan.lines, *plan.unread))
        return Planned(lines, [minutes for minutes, _ in found], plan.late)

    def complete(self) -> None:
        """Drops the part of the journal that is in the plan, and carries the plan out, if there is one: the latest, or
        what a crash has left. Raises OSError; the next call, or the next start, does it again then."""
        plan = self._undone or plans.read(self._folder)
        if plan is not None:
            self._drop_segments(plan.segment)
            self._carry_out(plan)
        self._undone = None

    def take_over(self, account: int) -> None:
        """Another shard may have written the account's files: what is known of them counts no more."""
        self._writer.forget(account)

    def read_states(self, account: int) -> list[dict[str, Any]]:
        """The `.cur` contents of every process of an account."""
        states = cur.read_all(self._root, account)
        held = plans.read_held(self._folder).states
        for process, contents in ((process, contents) for one, process, contents in held if one == account):
            states.pop(process, None)
            if contents != GONE:
                states[process] = msgspec.json.decode(contents)
        return list(states.values())

    def read_events(self, account: int) -> list[Events]:
        """The last errors and warnings of an account, and its groups."""
        return [(account, level, eventlog.read(self._root, account, level)) for level in FILES]

    def read_delivered(self) -> Dump:
        """Which commits were taken, as of the last flush; nothing where that file is damaged, and the log says so."""
        return _read_delivered(self._folder / DELIVERED)

    def read_late(self) -> list[Late]:
        """What values came late for in the last flushes, the oldest first."""
        return late.read(self._folder)

    def hand_over(self, account: int, delivered: Dump) -> None:
        """Puts what was delivered of an account beside its files, for the shard that it moves to. Raises OSError."""
        replace(self._handed(account), encoded(delivered), durable=True)

    def read_handed_over(self, account: int) -> Dump:
        """What `hand_over` has put there, on this shard or on the one where the account was before."""
        return _read_delivered(self._handed(account))

    def keeps(self, account: int) -> bool:
        """Whether something is meant for files of the account that cannot be written."""
        held = plans.read_held(self._folder)
        kept = {one.account for one in held.lines}, {one[0] for one in held.states}, {one[0] for one in held.events}
        return any(account in accounts for accounts in kept)

    def give_up(self, account: int) -> None:
        """Forgets what could not be written of an account, and what came late; no plan may be left undone. Raises
        OSError."""
        held = plans.read_held(self._folder)
        plans.hold(
            self._folder,
            Held(
                [one for one in held.lines if one.account != account],
                [one for one in held.states if one[0] != account],
                [one for one in held.events if one[0] != account],
            ),
        )
        late.forget(self._folder, account)
        self._writer.forget(account)

    def erase(self, account: int) -> None:
        """Removes the account's files. Called in any thread, once nothing of it is in memory. Raises OSError."""
        transfer.erase(self._root, account)

    def _handed(self, account: int) -> Path:
        return paths.account_dir(self._root, account) / HANDED_OVER

    def _planned(self, unit: Unit, found: list[Calculated]) -> Plan:
        held = plans.read_held(self._folder)
        planned: list[Lines] = list(held.lines)
        states = {(account, process): contents for account, process, contents in held.states}
        for cut, (minutes, live) in zip(unit.cuts, found, strict=True):
            planned += lines.of_rows(cut.late)
            for minute in minutes:
                planned += lines.of_minute(minute.select(minute.columns[CNT] > 0))
            states.update(dict.fromkeys(cut.removed, GONE))
            states.update({(account, process): cur.encode(state) for account, process, state in live})
        states = {process: contents for process, contents in states.items() if process[0] not in self.foreign}
        events = {one[:2]: one for one in (*held.events, *unit.events)}
        merged = self._writer.merged(planned)
        if sum(len(one.files) for one in merged.unread) > MOST_HELD:
            raise merged.causes[0]
        self._unreadable = merged.causes
        return Plan(
            segment=unit.segment,
            lines=merged.lines,
            states=[(*process, contents) for process, contents in states.items()],
            events=list(events.values()),
            delivered=encoded(unit.delivered),
            unread=merged.unread,
            late=_late(unit, merged.lines),
        )

    def _carry_out(self, plan: Plan) -> None:
        """Writes what can be written; the rest is held where only some files fail, and OSError raised otherwise."""
        problems = [*self._unreadable]
        held = Held(
            [*plan.unread, *self._write_lines(plan.lines, problems)],
            _failing(lambda one: _set_state(self._root, *one), plan.states, problems),
            _failing(lambda one: eventlog.write(self._root, *one), plan.events, problems),
        )
        replace(self._folder / DELIVERED, plan.delivered, durable=True)
        if plan.late is not None:
            late.keep(self._folder, plan.late)
        plans.hold(self._folder, held)
        plans.remove(self._folder)
        self._tell(problems)

    def _write_lines(self, planned: list[Lines], problems: list[StorageError]) -> list[Lines]:
        """Writes lines; returns those whose files cannot be written."""
        try:
            self._writer.write(planned)
        except FlushError as error:
            if error.full or sum(len(one.files) for one in error.unwritten) > MOST_HELD:
                raise
            problems += error.causes
            return error.unwritten
        return []

    def _tell(self, problems: list[StorageError]) -> None:
        unwritable = [f"{problem.filename}: {problem.strerror}" for problem in problems]
        for problem in set(unwritable).difference(self.unwritable):
            log.error("A file cannot be written; what is meant for it is kept and tried each minute. %s", problem)
        self.unwritable = unwritable

    def _drop_segments(self, last: int) -> None:
        for number in self._journal.segments():
            if number <= last:
                self._journal.drop(number)


def _late(unit: Unit, merged: Iterable[Lines]) -> Late | None:
    """What the unit's late values have made of the minutes that they belong to."""
    wanted = {(row.account, row.process, row.minute) for cut in unit.cuts for row in cut.late}
    if not wanted:
        return None
    return late.newest(unit.segment, unit.cuts[-1].minute, [one for one in merged if one.where in wanted])


@contextmanager
def _uncollected() -> Iterator[None]:
    """Meanwhile Python does not search for cycles. So many new objects would make it search again and again: that stops
    the event loop too, and is a twelfth of what a flush with sketches costs."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _failing(write: Callable[[_Item], None], items: Iterable[_Item], problems: list[StorageError]) -> list[_Item]:
    """Writes all items; returns those whose files cannot be written. Raises StorageError where the disk is full."""
    failing = []
    for item in items:
        try:
            write(item)
        except StorageError as error:
            if error.full:
                raise
            problems.append(error)
            failing.append(item)
    return failing


def _set_state(root: Path, account: int, process: str, contents: bytes) -> None:
    """Replaces a `.cur`, or removes it. Raises StorageError."""
    if contents == GONE:
        cur.remove(root, account, process)
    else:
        cur.write(root, account, process, contents)


def _read_delivered(path: Path) -> Dump:
    try:
        return decoded(path.read_bytes())
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        log.error("%s is damaged (%s): a commit of before that is sent again may count twice", path, error)  # noqa: TRY400
        return []
