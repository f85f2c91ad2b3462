"""What a flush writes and a start reads: where the shard meets `stats.storage`. Called in a thread of its own."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from stats.aggregation.partial import MinuteRow
from stats.events import LEVELS
from stats.storage import cur, eventlog
from stats.storage.paths import Level
from stats.storage.prt_writer import FlushError, Writer

State = tuple[int, str, dict[str, Any]]  # account, process, contents of its `.cur`
Events = tuple[int, Level, list[dict[str, Any]]]  # account, level, the newest of them


class Outcome(NamedTuple):
    """How a write went: so many lines are in their files; `unwritten` are not, and must be given again; the reason."""

    written: int
    unwritten: list[MinuteRow]
    error: OSError | None


class Disk:
    """The files below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._writer = Writer(root)

    def write(self, rows: list[MinuteRow], states: Iterable[State], events: Iterable[Events]) -> Outcome:
        """Writes as much as the disk takes: the minutes first, since they alone cannot be had again."""
        unwritten: list[MinuteRow] = []
        problem: OSError | None = None
        try:
            self._writer.write(rows)
        except FlushError as error:
            unwritten, problem = error.unwritten, error
        try:
            for account_id, process, state in states:
                cur.write(self._root, account_id, process, state)
            for account_id, level, ring in events:
                eventlog.write(self._root, account_id, level, ring)
        except OSError as error:
            problem = problem or error
        return Outcome(len(rows) - len(unwritten), unwritten, problem)

    def read_states(self) -> list[tuple[int, dict[str, Any]]]:
        """Account and `.cur` contents of every process."""
        accounts = cur.accounts_with_state(self._root)
        return [(account, state) for account in accounts for state in cur.read_all(self._root, account).values()]

    def read_events(self) -> list[Events]:
        """The last errors and warnings of every account that has processes."""
        accounts = cur.accounts_with_state(self._root)
        return [(one, level, eventlog.read(self._root, one, level)) for one in accounts for level in LEVELS]
