"""Who is there: accounts, their processes, and their stats, each stat with its row in a page."""

from dataclasses import dataclass, field
from typing import NamedTuple

from stats.aggregation.arithmetic import Rows
from stats.aggregation.instances import Instances, Tally
from stats.aggregation.pages import Page
from stats.aggregation.partial import KINDS, Kind
from stats.aggregation.quiet import state_of
from stats.aggregation.resting import Resting


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


class Gauges(NamedTuple):
    """The rows of what the server knows of a process's memory and cpu, where they are in one page."""

    page: Page[Stat]
    rows: tuple[int, int]


NO_LAYOUT = Layout((0, 0, 0), [], [])


@dataclass(eq=False, slots=True)
class Process:
    """A process by name; `instances` that share the name share this entry.

    `upt` seconds, `mem` bytes, `cpu` per cent of one core, None where unknown; `err` and `wrn` since it appeared;
    `seen` is the Unix time of the newest commit, `slot` that time's 5-second slot, `begun` when the values of the first
    one began. `heard` is when a commit came last, be it a late one. `layout` is that of a commit before, as long as all
    its stats are live.
    """

    account: "Account"
    name: str
    seen: float
    slot: int
    instances: Instances
    begun: float = 0.0
    heard: float = 0.0
    upt: float | None = None
    mem: float | None = None
    cpu: float | None = None
    err: int = 0
    wrn: int = 0
    stats: dict[Kind, dict[str, Stat]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    layout: Layout = NO_LAYOUT
    gauges: Gauges | None = None

    def state(self, now: float) -> str:
        """`up`, `silent` (no commit for three intervals) or `down` (none for 60 s)."""
        return state_of(self.seen, now)

    def all_stats(self) -> list[Stat]:
        return [stat for kind in KINDS for stat in self.stats[kind].values()]


@dataclass(eq=False)
class Account:
    """The live state of one tenant. While `watched_until` lies ahead, `changed` collects what a page has to be told,
    `gone` process, type and name of the stats that went to rest, and `gone_processes` names."""

    id: int
    resting: Resting
    processes: dict[str, Process] = field(default_factory=dict)
    stat_count: int = 0
    watched_until: float = 0.0
    changed: set[Stat] = field(default_factory=set)
    gone: set[tuple[str, Kind, str]] = field(default_factory=set)
    gone_processes: set[str] = field(default_factory=set)
    changed_processes: set[Process] = field(default_factory=set)
    told_states: dict[str, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def all_stats(self) -> list[Stat]:
        return [stat for process in self.processes.values() for stat in process.all_stats()]
