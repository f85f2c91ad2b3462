"""What a flush writes and a start reads: where the shard meets `stats.storage`. Called in a thread of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from stats.aggregation.cut import Cut, calculated
from stats.aggregation.partial import MinuteRow
from stats.events import LEVELS
from stats.storage import cur, eventlog
from stats.storage import plan as plans
from stats.storage.journal import Journal
from stats.storage.paths import Level
from stats.storage.plan import Plan
from stats.storage.prt_writer import Writer
from stats.storage.replace import replace

DELIVERED = "delivered"

Events = tuple[int, Level, list[dict[str, Any]]]  # account, level, the last of them


@dataclass(eq=False)
class Unit:
    """What is flushed together: all that came in the segments of the journal up to `segment`, and in none after it.

    `events` and `delivered` are as they were when the segment ended.
    """

    segment: int
    cuts: list[Cut]
    events: list[Events]
    delivered: dict[str, Any]


class Disk:
    """The files of a shard: values below `root`, its journal and plan in the folder of `journal`."""

    def __init__(self, root: Path, folder: Path, journal: Journal) -> None:
        self._root = root
        self._folder = folder
        self._journal = journal
        self._writer = Writer(root)
        self._undone: Plan | None = None

    def plan(self, unit: Unit) -> int:
        """Writes down what the files become with a unit, for `complete`; returns how many lines it has.

        No plan may be left undone. Raises OSError, and then nothing has happened. After it the unit is the plan's: to
        plan it again would count it twice.
        """
        plan = self._planned(unit)
        plans.write(self._folder, plan)
        self._undone = plan
        return len(plan.lines)

    def complete(self) -> None:
        """Drops the part of the journal that is in the plan, and carries the plan out, if there is one: the latest, or
        what a crash has left. Raises OSError; the next call, or the next start, does it again then."""
        plan = self._undone or plans.read(self._folder)
        if plan is not None:
            self._drop_segments(plan.segment)
            self._carry_out(plan)
        self._undone = None

    def read_states(self) -> list[tuple[int, dict[str, Any]]]:
        """Account and `.cur` contents of every process."""
        accounts = cur.accounts_with_state(self._root)
        return [(account, state) for account in accounts for state in cur.read_all(self._root, account).values()]

    def read_events(self) -> list[Events]:
        """The last errors and warnings of every account that has processes."""
        accounts = cur.accounts_with_state(self._root)
        return [(one, level, eventlog.read(self._root, one, level)) for one in accounts for level in LEVELS]

    def read_delivered(self) -> dict[str, Any]:
        """Which commits were taken, as of the last flush."""
        try:
            data: dict[str, Any] = msgspec.msgpack.decode((self._folder / DELIVERED).read_bytes())
        except FileNotFoundError:
            return {}
        return data

    def _planned(self, unit: Unit) -> Plan:
        rows: list[MinuteRow] = []
        states: dict[tuple[int, str], dict[str, Any]] = {}
        for cut in unit.cuts:
            of_cut, live = calculated(cut)
            rows.extend(of_cut)
            states.update({(account, process): state for account, process, state in live})
        return Plan(
            segment=unit.segment,
            lines=list(self._writer.merged(rows).rows),
            states=[(*key, state) for key, state in states.items()],
            events=unit.events,
            delivered=unit.delivered,
        )

    def _carry_out(self, plan: Plan) -> None:
        self._writer.write(plan.lines)
        for account, process, state in plan.states:
            cur.write(self._root, account, process, state)
        for account, level, events in plan.events:
            eventlog.write(self._root, account, level, events)
        replace(self._folder / DELIVERED, msgspec.msgpack.encode(plan.delivered), durable=True)
        plans.remove(self._folder)

    def _drop_segments(self, last: int) -> None:
        for number in self._journal.segments():
            if number <= last:
                self._journal.drop(number)
