"""Who is there: accounts, their processes, and their stats, each stat with its row in a page."""

from dataclasses import dataclass, field
from typing import NamedTuple

from stats.aggregation.arithmetic import Rows
from stats.aggregation.pages import Page
from stats.aggregation.partial import KINDS, Kind
from stats.aggregation.resting import Resting

SILENT_AFTER = 3  # intervals without a commit
DOWN_AFTER = 60.0  # seconds without a commit
DEFAULT_INTERVAL = 5.0


class Stat:
    """A stat's place: its values lie in row `row` of `page`."""

    __slots__ = ("kind", "name", "page", "process", "row")

    def __init__(self, process: "Process", kind: Kind, name: str, page: "Page[Stat]", row: int) -> None:
        self.process = process
        self.kind: Kind = kind
        self.name = name
        self.page = page
        self.row = row


class Share(NamedTuple):
    """The partials of a commit that belong to one page: their rows in it, and their places in the commit."""

    page: Page[Stat]
    rows: Rows
    places: Rows


class Layout(NamedTuple):
    """Where the partials of a commit go that has these names. A program mostly sends the same stats again."""

    sizes: tuple[int, int, int]
    names: list[str]
    shares: list[Share]


NO_LAYOUT = Layout((0, 0, 0), [], [])


@dataclass(eq=False, slots=True)
class Process:
    """A process by name; several instances that share the name share this entry.

    `upt` seconds, `mem` bytes, `cpu` per cent of one core, None where unknown; `err` and `wrn` since it appeared;
    `seen` is the Unix time of the newest commit, `slot` that time's 5-second slot, `begun` when the values of the first
    one began. `heard` is when a commit came last, be it a late one. `layout` is that of a commit before, as long as all
    its stats are live.
    """

    account: "Account"
    name: str
    seen: float
    slot: int
    begun: float = 0.0
    heard: float = 0.0
    upt: float | None = None
    mem: float | None = None
    cpu: float | None = None
    err: int = 0
    wrn: int = 0
    stats: dict[Kind, dict[str, Stat]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    layout: Layout = NO_LAYOUT

    def state(self, now: float) -> str:
        """`up`, `silent` (no commit for three intervals) or `down` (none for 60 s)."""
        quiet = now - self.seen
        if quiet >= DOWN_AFTER:
            return "down"
        return "silent" if quiet >= SILENT_AFTER * DEFAULT_INTERVAL else "up"

    def all_stats(self) -> list[Stat]:
        return [stat for kind in KINDS for stat in self.stats[kind].values()]


@dataclass(eq=False)
class Account:
    """The live state of one tenant. While `watched_until` lies ahead, `changed` collects what a page has to be told,
    and `gone` process, type and name of the stats that went to rest."""

    id: int
    resting: Resting
    processes: dict[str, Process] = field(default_factory=dict)
    stat_count: int = 0
    watched_until: float = 0.0
    changed: set[Stat] = field(default_factory=set)
    gone: set[tuple[str, Kind, str]] = field(default_factory=set)
    changed_processes: set[Process] = field(default_factory=set)
    told_states: dict[str, str] = field(default_factory=dict)

    def all_stats(self) -> list[Stat]:
        return [stat for process in self.processes.values() for stat in process.all_stats()]
