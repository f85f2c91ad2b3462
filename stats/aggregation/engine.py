"""The live state of all accounts of a shard: takes commits, answers with live values, hands out closed minutes.

Everything here runs in one thread (the event loop's); times come in as arguments, Unix seconds.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stats.aggregation import live
from stats.aggregation.commit import Commit, InvalidCommit, Partial
from stats.aggregation.cut import Cut, minute_row, of_page
from stats.aggregation.live import Entry
from stats.aggregation.names import is_name
from stats.aggregation.pages import SLOTS, Page, slot_of
from stats.aggregation.partial import KINDS, Kind, MinuteRow
from stats.aggregation.registry import Account, Process, Stat

WATCH_SECONDS = 60.0  # a page that does not renew its interest is gone
_IDLE_SLOTS = SLOTS + 1  # after as many slots without a value nothing moves any more


class Applied(NamedTuple):
    """What became of a commit: how many partials were taken, and how many left out because the account is full."""

    taken: int
    dropped: int


class Engine:
    """See the module. `most_stats` is the limit of live stats, and of processes, of each account."""

    def __init__(self, now: float, most_stats: int) -> None:
        self._most_stats = most_stats
        self._accounts: dict[int, Account] = {}
        self._slot = slot_of(now)
        self._pages: list[Page[Stat]] = []
        self._late: list[MinuteRow] = []
        self.stat_count = 0

    # --- commits in -----------------------------------------------------------------------------------------------

    def check(self, account_id: int, commit: Commit) -> int:
        """How many partials the commit has. Raises InvalidCommit for what the types alone do not catch."""
        if not is_name(commit.nam):
            raise InvalidCommit(_NAME_RULE, "nam")
        account = self._accounts.get(account_id)
        return _checked(commit, account.processes.get(commit.nam) if account else None)

    def apply(self, account_id: int, commit: Commit, now: float, count: int) -> Applied:
        """Takes a commit that `check` has found good and counted, into the minute that `advance` has opened."""
        account = self._account(account_id)
        process = account.processes.get(commit.nam)
        if process is None and len(account.processes) >= self._most_stats:
            return Applied(0, count)
        process = process or self._appear(account, commit.nam)
        dropped = self._take(process, commit, now)
        self._mark(process, commit, now)
        return Applied(count - dropped, dropped)

    def _appear(self, account: Account, name: str) -> Process:
        process = account.processes[name] = Process(account, name, seen=0.0, slot=self._slot)
        return process

    def _mark(self, process: Process, commit: Commit, now: float) -> None:
        """What the commit says of the process itself. A late one says it of the past, so only its counts are taken."""
        events = {"error": 0, "warning": 0}
        for event in commit.evt:
            events[event.lvl] += event.cnt
        process.err += max(commit.err, events["error"])
        process.wrn += max(commit.wrn, events["warning"])
        if now - commit.age >= process.seen:
            process.seen, process.slot = now - commit.age, slot_of(now - commit.age)
            process.upt, process.mem, process.cpu = commit.upt, commit.mem, commit.cpu
        if process.account.watched_until > now:
            process.account.changed_processes.add(process)

    def _take(self, process: Process, commit: Commit, now: float) -> int:
        account = process.account
        slot = slot_of(now - commit.age) if commit.age else self._slot
        dropped = 0
        watched = account.watched_until > now
        for kind in KINDS:
            known = process.stats[kind]
            for partial in getattr(commit.prt, kind):
                stat = known.get(partial.nam)
                if stat is None:
                    if account.stat_count >= self._most_stats:
                        dropped += 1
                        continue
                    stat = self._new_stat(process, kind, partial.nam)
                self._put(stat, partial, slot)
                if watched:
                    account.changed.add(stat)
        return dropped

    def _put(self, stat: Stat, partial: Partial, slot: int) -> None:
        page = stat.page
        stat.emp = partial.emp
        if partial.pct != page.pct[stat.row]:
            page.pct[stat.row] = partial.pct
        values = (
            partial.sum,
            partial.cnt,
            partial.max,
            partial.min,
            partial.bot,
            partial.top,
            partial.fst,
            partial.lst,
        )
        if slot >= page.slot:
            page.add(stat.row, values)
        elif slot // SLOTS == page.slot // SLOTS:
            page.add_earlier(stat.row, slot, values)
        else:
            page.total[stat.row] += partial.sum
            self._late.append(minute_row(stat, slot // SLOTS, list(values)))

    def _new_stat(self, process: Process, kind: Kind, name: str) -> Stat:
        page = self._page()
        row = page.take_row(self._slot)
        stat = page.owners[row] = process.stats[kind][name] = Stat(process, kind, name, page, row)
        process.account.stat_count += 1
        self.stat_count += 1
        return stat

    def _page(self) -> Page[Stat]:
        for page in reversed(self._pages):
            if not page.full:
                return page
        self._pages.append(Page(self._slot))
        return self._pages[-1]

    # --- time passes ----------------------------------------------------------------------------------------------

    def advance(self, now: float) -> Cut | None:
        """Opens the slot of `now`. Where a minute ends by it, the cut at its end is returned: the caller owns it.

        A clock that steps back by less than a minute is taken to stand still until it has caught up.
        """
        slot = slot_of(now)
        if self._slot - SLOTS < slot <= self._slot:
            return None
        ended = self.cut(now) if slot // SLOTS != self._slot // SLOTS else None
        self._slot = slot
        for page in self._pages:
            page.advance(slot)
        for account in self._accounts.values():
            if account.watched_until > now:
                account.changed.update(_moving(account, slot))
        return ended

    def set_clock(self, at: float) -> None:
        """Begins at another time than that of the start: before the first commit of a replay, all rings are empty."""
        self._slot = slot_of(at)
        for page in self._pages:
            page.advance(self._slot)

    def cut(self, now: float) -> Cut:
        """A cut through the minute as far as it has come. Its values belong to the cut: they are not handed out again
        only because `advance`, or the end of the process, follows."""
        late, self._late = self._late, []
        processes = [
            (process, live.process_entry(process, now))
            for account in self._accounts.values()
            for process in account.processes.values()
        ]
        pages = [page for page in map(of_page, self._pages) if page is not None]
        return Cut(pages, late, processes)

    # --- live values out ------------------------------------------------------------------------------------------

    def watch(self, account_id: int, now: float) -> None:
        """Somebody looks at this account: for the next 60 s its changes are collected."""
        self._account(account_id).watched_until = now + WATCH_SECONDS

    def snapshot(self, account_id: int, now: float) -> Entry:
        """All processes and stats of an account, with sparklines: the `snapshot` message without its number."""
        account = self._account(account_id)
        processes = [live.process_entry(process, now) for process in account.processes.values()]
        stats = [_stat_entry(stat, entry) for stat, entry in live.values(account.all_stats(), sparks=True)]
        return {"processes": processes, "stats": stats}

    def watched(self, now: float) -> list[int]:
        """The accounts that somebody looks at."""
        return [account.id for account in self._accounts.values() if account.watched_until > now]

    def changes(self, account_id: int, now: float) -> Entry:
        """What has changed since the last call: the `update` message without its number; its lists may be empty."""
        account = self._account(account_id)
        changed, account.changed = account.changed, set()
        told, account.changed_processes = account.changed_processes, set()
        for process in account.processes.values():
            if account.told_states.get(process.name) != process.state(now):
                account.told_states[process.name] = process.state(now)
                told.add(process)
        return {
            "slot": self._slot,
            "processes": [live.process_entry(process, now) for process in told],
            "stats": [_stat_entry(stat, entry) for stat, entry in live.values(changed)],
            "gone": [],
        }

    def states(self, account_id: int, now: float) -> Iterator[Entry]:
        """The live state of each process of an account, laid out as in its `.cur` file."""
        account = self._account(account_id)
        stats: dict[Process, dict[Kind, Entry]] = {}
        for stat, entry in live.values(account.all_stats()):
            del entry["p"]
            stats.setdefault(stat.process, {kind: {} for kind in KINDS})[stat.kind][stat.name] = entry
        for process in account.processes.values():
            yield {
                **live.process_entry(process, now),
                "stats": stats.get(process) or {kind: {} for kind in KINDS},
            }

    def restore(self, account_id: int, state: Entry) -> None:
        """Brings back a process and its totals from the contents of a `.cur` file, as after a restart."""
        account = self._account(account_id)
        process = Process(account, state["nam"], state["seen"], slot_of(state["seen"]))
        process.upt, process.mem, process.cpu = state["upt"], state["mem"], state["cpu"]
        process.err, process.wrn = state["err"], state["wrn"]
        account.processes[process.name] = process
        for kind in KINDS:
            for name, entry in state["stats"].get(kind, {}).items():
                stat = self._new_stat(process, kind, name)
                stat.emp = entry["emp"]
                stat.page.total[stat.row] = entry.get("total", 0.0)
                stat.page.last[stat.row] = stat.page.mean[stat.row] = entry.get("last") or 0.0

    def drop(self, account_id: int) -> None:
        """Forgets an account, whose values must all have been handed out in cuts."""
        account = self._accounts.pop(account_id, None)
        for stat in account.all_stats() if account else ():
            stat.page.give_back(stat.row)
            self.stat_count -= 1

    def _account(self, account_id: int) -> Account:
        return self._accounts.setdefault(account_id, Account(account_id))


_NAME_RULE = "A name is 1 to 128 of the characters A-Z a-z 0-9 _ . : ! - and neither '.' nor '..'"


def _checked(commit: Commit, process: Process | None) -> int:
    """How many partials the commit has. Raises InvalidCommit for what the types alone do not catch."""
    count = 0
    for kind in KINDS:
        known: Iterable[str] = process.stats[kind] if process else ()
        partials: list[Partial] = getattr(commit.prt, kind)
        for index, partial in enumerate(partials):
            if partial.nam not in known and not is_name(partial.nam):
                raise InvalidCommit(_NAME_RULE, f"prt.{kind}[{index}].nam")
            if partial.min > partial.max:
                raise InvalidCommit("min is larger than max", f"prt.{kind}[{index}].min")
            if partial.cnt % 1:
                raise InvalidCommit("cnt is not a whole number", f"prt.{kind}[{index}].cnt")
            if partial.typ is not None and partial.typ != kind:
                raise InvalidCommit(f"typ is not that of the list it stands in, {kind}", f"prt.{kind}[{index}].typ")
        count += len(partials)
    return count


def _moving(account: Account, slot: int) -> Iterator[Stat]:
    """The stats whose rolling minute has not run empty yet."""
    return (stat for stat in account.all_stats() if stat.page.last_slot[stat.row] >= slot - _IDLE_SLOTS)


def _stat_entry(stat: Stat, entry: Entry) -> Entry:
    return {"proc": stat.process.name, "typ": stat.kind, "nam": stat.name, **entry}
