"""Who is there: accounts, their processes, and their stats, each stat with its row in a page."""

import sys
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from stats.aggregation.arithmetic import Rows
from stats.aggregation.instances import Instances, Tally
from stats.aggregation.pages import Page, slot_of
from stats.aggregation.partial import KINDS, Kind
from stats.aggregation.quiet import state_of
from stats.aggregation.resting import Rest, Resting
from stats.aggregation.vitals import VITALS


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

    def resting_since(self, since: float) -> list[tuple[str, Kind, str]]:
        """Process, type and name of the resting stats of processes that were heard of since that Unix time."""
        heard = {process.name for process in self.processes.values() if process.heard >= since}
        return [name for name in self.resting.names() if name[0] in heard]

    def seen(self) -> list[tuple[str, float, float | None, float]]:
        """Of each process its name, up to which Unix time its values are here, its uptime then, and when a commit came
        last."""
        return [(one.name, one.seen, one.upt, one.heard) for one in self.processes.values()]

    def all_stats(self) -> list[Stat]:
        return [stat for process in self.processes.values() for stat in process.all_stats()]


class Registry:
    """All accounts of a shard, and the pages that their stats have rows in; `slot` is the one that is open.

    `most_stats` is the limit of live stats, and of processes, of each account.
    """

    def __init__(self, now: float, most_stats: int) -> None:
        self.most_stats = most_stats
        self.slot = slot_of(now)
        self.accounts: dict[int, Account] = {}
        self.pages: list[Page[Stat]] = []
        self.stat_count = 0
        self._removed: list[tuple[int, str]] = []

    def account(self, account_id: int) -> Account:
        """The account, which is here from now on."""
        account = self.accounts.get(account_id)
        if account is None:
            account = self.accounts[account_id] = Account(account_id, Resting(self.most_stats))
        return account

    def processes(self) -> list[Process]:
        """Those of all accounts."""
        return [process for account in self.accounts.values() for process in account.processes.values()]

    def sizes(self, account_id: int) -> tuple[int, int]:
        """How many live stats and how many processes an account has."""
        account = self.accounts.get(account_id)
        return (account.stat_count, len(account.processes)) if account else (0, 0)

    def take_removed(self) -> list[tuple[int, str]]:
        """Account and name of the processes that have left since the last call: their `.cur` files are still there."""
        removed, self._removed = self._removed, []
        return removed

    # --- who comes ------------------------------------------------------------------------------------------------

    def new_process(self, account: Account, name: str, seen: float, slot: int) -> Process:
        """A process that appears: heard of at `seen`, Unix time, with values from `slot` on."""
        process = Process(account, name, seen, slot, Instances(account.tally))
        account.processes[name] = process
        return process

    def new_stat(self, process: Process, kind: Kind, name: str) -> Stat:
        """A stat that appears, or comes back from its rest."""
        account = process.account
        rest = account.resting.take(process.name, kind, name) or Rest(0.0, False)
        account.gone.discard((process.name, kind, name))
        return self._add_stat(process, kind, name, rest)

    def restore(self, account_id: int, state: dict[str, Any]) -> None:
        """Brings back a process and its totals from the contents of a `.cur` file, as after a restart."""
        account = self.account(account_id)
        process = self.new_process(account, state["nam"], state["seen"], slot_of(state["seen"]))
        process.heard = process.seen
        process.upt, process.mem, process.cpu = state["upt"], state["mem"], state["cpu"]
        process.err, process.wrn = state["err"], state["wrn"]
        process.instances.restore(state)
        for kind in KINDS:
            for name, entry in state["stats"].get(kind, {}).items():
                self._add_stat(process, kind, name, _rest_of(entry))
            for name, entry in state.get("resting", {}).get(kind, {}).items():
                account.resting.put(process.name, kind, name, _rest_of(entry))

    def _add_stat(self, process: Process, kind: Kind, name: str, rest: Rest) -> Stat:
        name = sys.intern(name)  # most processes have the same names: each is kept once
        page = self._page()
        stat = Stat(process, kind, name, page, -1)
        stat.row = page.take_row(self.slot, stat, *rest)
        process.stats[kind][name] = stat
        process.account.stat_count += name not in VITALS
        self.stat_count += 1
        return stat

    def _page(self) -> Page[Stat]:
        for page in reversed(self.pages):
            if not page.full:
                return page
        self.pages.append(Page(self.slot))
        return self.pages[-1]

    # --- and who goes ---------------------------------------------------------------------------------------------

    def release(self, stat: Stat) -> None:
        """The stat is live no more; its row is somebody else's next."""
        process, account, page = stat.process, stat.process.account, stat.page
        account.changed.discard(stat)
        del process.stats[stat.kind][stat.name]
        process.layout, process.gauges = NO_LAYOUT, None
        page.release_row(stat.row)
        account.stat_count -= stat.name not in VITALS
        self.stat_count -= 1

    def remove(self, account_id: int, name: str) -> None:
        """Forgets a process that is down, with all that is known of it; its past days stay. If it speaks again, it
        appears anew."""
        account = self.account(account_id)
        process = account.processes.pop(name, None)
        if process is None:
            return
        for stat in process.all_stats():
            stat.page.settle()
            stat.page.fold()
            self.release(stat)
        account.resting.forget(name)
        process.instances.clear()
        account.told_states.pop(name, None)
        account.changed_processes.discard(process)
        account.gone_processes.add(name)
        self._removed.append((account_id, name))

    def drop(self, account_id: int) -> None:
        """Forgets an account, whose values must all have been handed out in cuts."""
        account = self.accounts.pop(account_id, None)
        self._removed = [one for one in self._removed if one[0] != account_id]
        for stat in account.all_stats() if account else ():
            stat.page.fold()
            stat.page.release_row(stat.row)
            self.stat_count -= 1


def _rest_of(entry: dict[str, Any]) -> Rest:
    """What a stat of a `.cur` file goes on from."""
    return Rest(entry.get("total", entry.get("last")) or 0.0, entry["emp"])
