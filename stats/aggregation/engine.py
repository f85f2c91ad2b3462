"""The live state of all accounts of a shard: takes commits, answers with live values, hands out closed minutes.

Everything here runs in one thread (the event loop's); times come in as arguments, Unix seconds.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stats.aggregation import health, live
from stats.aggregation.arithmetic import FIELDS, SUM, Floats, Rows
from stats.aggregation.checked import Checked, checked
from stats.aggregation.commit import Commit
from stats.aggregation.cut import Cut, minute_row, of_page
from stats.aggregation.groups import merged_rows
from stats.aggregation.instances import Instances
from stats.aggregation.live import Entry
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, TEXT_BYTES, Page, Texts, columns_of, partials_of, slot_of
from stats.aggregation.partial import KINDS, Kind, MinuteRow
from stats.aggregation.quiet import DEFAULT_INTERVAL
from stats.aggregation.registry import NO_LAYOUT, Account, Gauges, Layout, Process, Share, Stat
from stats.aggregation.resting import Rest, Resting
from stats.aggregation.vitals import CPU, ERRORS, MEMORY, VITALS, WARNINGS

WATCH_SECONDS = 60.0  # a page that does not renew its interest is gone
REST_SLOTS = 60 * SLOTS  # after an hour without a value a stat goes to rest
MOST_COLLECTED = 16_384  # partials that wait to be folded, 80 bytes each: that takes some 10 ms
MOST_LATE = 40 << 20  # bytes of late rows, or twice what is left of them, before those of a minute are merged
ROW_BYTES = 400  # of a late row beside its sketch
_STAT_BYTES = 300  # of a stat beside its row in a page: the object, its name, its place in a dict
FORGOTTEN_AFTER = 8 * 86_400.0  # seconds for which a process without stats was down: then it leaves
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
        self._late_bytes = 0
        self._most_late = MOST_LATE
        self._collected = 0  # partials that wait in the pages
        self._removed: list[tuple[int, str]] = []  # processes that left, and whose `.cur` is still there
        self.stat_count = 0

    # --- commits in -----------------------------------------------------------------------------------------------

    def check(self, account_id: int, commit: Commit) -> Checked:
        """The commit's partials, ready for `apply`. Raises InvalidCommit for what the types alone do not catch."""
        account = self._accounts.get(account_id)
        return checked(commit, account.processes.get(commit.nam) if account else None)

    def apply(self, account_id: int, commit: Commit, now: float, given: Checked) -> Applied:
        """Takes a commit that `check` has found good into the minute that `advance` has opened."""
        account = self._account(account_id)
        process = account.processes.get(commit.nam)
        if process is None:
            if len(account.processes) >= self._most_stats:
                return Applied(0, len(given.names))
            process = self._new_process(account, commit.nam, 0.0, self._slot)
            process.begun = _begun(commit, now)
        # A stat may have gone to rest since the commit was checked.
        layout = given.layout if given.layout is process.layout else None
        if layout is None:
            layout = self._lay_out(process, given)
        slot = slot_of(now - commit.age) if commit.age else self._slot
        taken = self._take(layout, given, slot)
        self._mark(process, commit, now, slot)
        if account.watched_until > now:
            self._note_changed(process, layout)
        self._collected += taken
        if self._collected >= MOST_COLLECTED:
            self._fold()
        return Applied(taken, len(given.names) - taken)

    def _mark(self, process: Process, commit: Commit, now: float, slot: int) -> None:
        """What the commit says of the process itself. A late one says it of the past, so only its counts are taken."""
        errors, warnings = commit.err, commit.wrn
        if commit.evt:
            errors = max(sum(event.cnt for event in commit.evt if event.lvl == "error"), errors)
            warnings = max(sum(event.cnt for event in commit.evt if event.lvl == "warning"), warnings)
        process.heard = now
        at = now - commit.age
        process.instances.hear(commit, at, errors, warnings)
        gauges = process.gauges
        if gauges is None or commit.mem is None or commit.cpu is None or slot < gauges.page.slot:
            self._take_gauges(process, commit, slot)
        else:  # as nearly always
            gauges.page.add_singles(gauges.rows, (commit.mem, commit.cpu))
            self._collected += 2
        if errors:
            process.err += errors
            self._take_own(process, ERRORS, errors, slot)
        if warnings:
            process.wrn += warnings
            self._take_own(process, WARNINGS, warnings, slot)
        if at >= process.seen:
            process.seen, process.slot = at, slot_of(at)
            process.upt, process.mem, process.cpu = commit.upt, commit.mem, commit.cpu

    def _take_gauges(self, process: Process, commit: Commit, slot: int) -> None:
        for name, value in ((MEMORY, commit.mem), (CPU, commit.cpu)):
            if value is not None:
                self._take_own(process, name, value, slot)
        memory, cpu = (process.stats["g"].get(name) for name in (MEMORY, CPU))
        if memory and cpu and memory.page is cpu.page:
            process.gauges = Gauges(memory.page, (memory.row, cpu.row))

    def _take_own(self, process: Process, name: str, value: float, slot: int) -> None:
        """A value of a stat that the server makes (`vitals`)."""
        kind = VITALS[name]
        stat = process.stats[kind].get(name) or self._new_stat(process, kind, name)
        if slot >= stat.page.slot:
            stat.page.add_singles((stat.row,), (value,))
        else:
            self._take_earlier(stat.page, np.array([stat.row]), slot, partials_of([value]), None)
        self._collected += 1
        if process.account.watched_until >= slot * SLOT_SECONDS:
            process.account.changed.add(stat)

    def _new_process(self, account: Account, name: str, seen: float, slot: int) -> Process:
        process = Process(account, name, seen, slot, Instances(account.tally))
        account.processes[name] = process
        return process

    def _note_changed(self, process: Process, layout: Layout) -> None:
        account = process.account
        account.changed_processes.add(process)
        places: list[tuple[Page[Stat], Sequence[int]]] = [(page, rows.tolist()) for page, rows, _ in layout.shares]
        if process.gauges is not None:
            places.append(process.gauges)
        for page, rows in places:
            account.changed.update(stat for row in rows if (stat := page.owners[row]) is not None)

    def _take(self, layout: Layout, given: Checked, slot: int) -> int:
        """Puts the partials into their pages; returns how many."""
        count = len(given.names)
        taken = 0
        for page, rows, places in layout.shares:
            values, sketches = given.values, given.sketches
            if len(places) < count:
                values = columns_of(values)[:, places].T.tobytes()
                sketches = sketches and [sketches[place] for place in places.tolist()]
            if slot >= page.slot:
                page.add(rows, values, sketches)
            else:
                self._take_earlier(page, rows, slot, values, sketches)
            taken += len(places)
        return taken

    def _take_earlier(self, page: Page[Stat], rows: Rows, slot: int, values: bytes, sketches: Texts | None) -> None:
        """Partials of a slot before the current one."""
        if slot // SLOTS == page.slot // SLOTS:
            page.add_earlier(rows, slot, values, sketches)
        else:
            self._take_late(page, rows, slot // SLOTS, columns_of(values), sketches)

    def _take_late(self, page: Page[Stat], rows: Rows, minute: int, values: Floats, sketches: Texts | None) -> None:
        """Partials of a minute that was handed out already."""
        np.add.at(page.total, rows, values[SUM])
        texts = sketches or [None] * len(rows)
        for row, fields, text in zip(rows.tolist(), values[:FIELDS].T.tolist(), texts, strict=True):
            stat = page.owners[row]
            assert stat is not None  # noqa: S101  (a layout has live stats only)
            self._late.append(minute_row(stat, minute, fields, text or ""))
        self._late_bytes += _size(self._late[-len(rows) :])
        if self._late_bytes > self._most_late:
            self._late = merged_rows(self._late)
            self._late_bytes = _size(self._late)
            self._most_late = max(MOST_LATE, 2 * self._late_bytes)

    def _lay_out(self, process: Process, given: Checked) -> Layout:
        """Where the partials go; stats that are new get their rows, as long as the account may have more."""
        found: dict[Page[Stat], tuple[list[int], list[int]]] = {}
        names = []
        kinds = (kind for kind, size in zip(KINDS, given.sizes, strict=True) for _ in range(size))
        for place, (kind, name) in enumerate(zip(kinds, given.names, strict=True)):
            stat = process.stats[kind].get(name)
            if stat is None and process.account.stat_count < self._most_stats:
                stat = self._new_stat(process, kind, name)
            if stat is not None:
                rows, places = found.setdefault(stat.page, ([], []))
                rows.append(stat.row)
                places.append(place)
                names.append(stat.name)
        shares = [Share(page, np.array(rows), np.array(places)) for page, (rows, places) in found.items()]
        layout = Layout(given.sizes, names, shares)
        if len(names) == len(given.names):
            process.layout = layout
        return layout

    def _new_stat(self, process: Process, kind: Kind, name: str) -> Stat:
        """A stat that appears, or comes back from its rest."""
        account = process.account
        rest = account.resting.take(process.name, kind, name) or Rest(0.0, False)
        account.gone.discard((process.name, kind, name))
        # Most processes have the same names: each is kept once.
        return self._add_stat(process, kind, sys.intern(name), rest)

    def _add_stat(self, process: Process, kind: Kind, name: str, rest: Rest) -> Stat:
        page = self._page()
        stat = Stat(process, kind, name, page, -1)
        stat.row = page.take_row(self._slot, stat, *rest)
        process.stats[kind][name] = stat
        process.account.stat_count += name not in VITALS
        self.stat_count += 1
        return stat

    def _page(self) -> Page[Stat]:
        for page in reversed(self._pages):
            if not page.full:
                return page
        self._pages.append(Page(self._slot))
        return self._pages[-1]

    def _fold(self) -> None:
        self._collected = 0
        for page in self._pages:
            page.fold()

    # --- time passes ----------------------------------------------------------------------------------------------

    def advance(self, now: float) -> Cut | None:
        """Opens the slot of `now`. Where a minute ends by it, the cut at its end is returned: the caller owns it.

        A clock that steps back by less than a minute is taken to stand still until it has caught up.
        """
        slot = slot_of(now)
        if self._slot - SLOTS < slot <= self._slot:
            return None
        ended = self.cut(now) if slot // SLOTS != self._slot // SLOTS else None
        if slot < self._slot:
            self._set_back(now)
        self._slot = slot
        self._collected = 0
        for page in self._pages:
            page.advance(slot)
        if ended is not None:
            self._lay_to_rest(slot - REST_SLOTS, now)
            self._fold_away(now)
        for account in self._accounts.values():
            if account.watched_until > now:
                account.changed.update(_moving(account, slot))
        return ended

    def _set_back(self, now: float) -> None:
        """The clock has stepped back: what was seen at times that are still to come was seen now."""
        for account in self._accounts.values():
            for process in account.processes.values():
                process.seen = min(process.seen, now)
                process.slot = min(process.slot, slot_of(now))
                process.heard = min(process.heard, now)
                process.begun = min(process.begun, now - SLOTS * SLOT_SECONDS)
                process.instances.set_back(now)

    def _lay_to_rest(self, slot: int, now: float) -> None:
        """Stats without a value since `slot` give their rows back, and pages that nobody is on go."""
        for page in self._pages:
            for row in page.idle(slot):
                stat = page.owners[row]
                if stat is not None:
                    self._rest(stat, now)
        self._pages = [page for page in self._pages if not page.empty]

    def _rest(self, stat: Stat, now: float) -> None:
        process, account, page = stat.process, stat.process.account, stat.page
        if stat.kind == "c" or stat.name not in VITALS:  # what a process took of its machine an hour ago is no news
            number = {"c": page.total, "g": page.last, "ms": page.mean}[stat.kind][stat.row]
            account.resting.put(process.name, stat.kind, stat.name, Rest(live.whole(number), bool(page.emp[stat.row])))
        if account.watched_until > now:
            account.gone.add((process.name, stat.kind, stat.name))
        self._release(stat)

    def _release(self, stat: Stat) -> None:
        process, account, page = stat.process, stat.process.account, stat.page
        account.changed.discard(stat)
        del process.stats[stat.kind][stat.name]
        process.layout, process.gauges = NO_LAYOUT, None
        page.release_row(stat.row)
        account.stat_count -= stat.name not in VITALS
        self.stat_count -= 1

    def _fold_away(self, now: float) -> None:
        """What is over for long: instances that are down, and processes of which nothing is left."""
        for account in self._accounts.values():
            for process in [*account.processes.values()]:
                process.instances.fold(now)
                if process.seen < now - FORGOTTEN_AFTER and not self._is_of_use(process):
                    self.remove(account.id, process.name)

    def _is_of_use(self, process: Process) -> bool:
        stats = process.account.resting.of_process(process.name)
        return any(process.stats[kind] or stats[kind] for kind in KINDS)

    def remove(self, account_id: int, name: str) -> None:
        """Forgets a process that is down, with all that is known of it; its past days stay. If it speaks again, it
        appears anew."""
        account = self._account(account_id)
        process = account.processes.pop(name, None)
        if process is None:
            return
        for stat in process.all_stats():
            stat.page.settle()
            stat.page.fold()
            self._release(stat)
        account.resting.forget(name)
        process.instances.clear()
        account.told_states.pop(name, None)
        account.changed_processes.discard(process)
        account.gone_processes.add(name)
        self._removed.append((account_id, name))

    def sizes(self, account_id: int) -> tuple[int, int]:
        """How many live stats and how many processes an account has."""
        account = self._accounts.get(account_id)
        return (account.stat_count, len(account.processes)) if account else (0, 0)

    def memory(self) -> dict[str, int]:
        """About the bytes of what grows with the stats."""
        return {
            "stats": _STAT_BYTES * self.stat_count + sum(page.nbytes for page in self._pages),
            "sketches": sum(page.sketch_bytes for page in self._pages),
            "late": self._late_bytes,
            "resting": sum(account.resting.nbytes for account in self._accounts.values()),
        }

    def set_clock(self, at: float) -> None:
        """Begins at another time than that of the start: before the first commit of a replay, all rings are empty."""
        self._slot = slot_of(at)
        for page in self._pages:
            page.advance(self._slot)

    def cut(self, now: float) -> Cut:
        """A cut through the minute as far as it has come. Its values belong to the cut: they are not handed out again
        only because `advance`, or the end of the process, follows."""
        late, self._late, self._late_bytes, self._most_late = self._late, [], 0, MOST_LATE
        removed, self._removed = self._removed, []
        processes = [
            (process, _state(process, now))
            for account in self._accounts.values()
            for process in account.processes.values()
        ]
        pages = [page for page in map(of_page, self._pages) if page is not None]
        heard = [process.heard for process, _ in processes]
        return Cut(pages, late, processes, heard, removed, self._slot // SLOTS)

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

    def is_watched(self, account_id: int, now: float) -> bool:
        """Whether somebody looks at this account."""
        account = self._accounts.get(account_id)
        return account is not None and account.watched_until > now

    def changes(self, account_id: int, now: float) -> Entry:
        """What has changed since the last call: the `update` message without its number; its lists may be empty."""
        account = self._account(account_id)
        changed, account.changed = account.changed, set()
        told, account.changed_processes = account.changed_processes, set()
        gone, account.gone = account.gone, set()
        gone_processes, account.gone_processes = account.gone_processes, set()
        for process in account.processes.values():
            if account.told_states.get(process.name) != process.state(now):
                account.told_states[process.name] = process.state(now)
                told.add(process)
        return {
            "slot": self._slot,
            "processes": [live.process_entry(process, now) for process in told],
            "stats": [_stat_entry(stat, entry) for stat, entry in live.values(changed)],
            "gone": [
                *({"proc": name} for name in gone_processes),
                *({"proc": process, "typ": kind, "nam": name} for process, kind, name in gone),
            ],
        }

    def processes(self, account_id: int) -> list[tuple[str, float, float | None, float]]:
        """Of each process of an account its name, up to which Unix time its values are here, its uptime then, and when
        a commit came last."""
        return [(one.name, one.seen, one.upt, one.heard) for one in self._account(account_id).processes.values()]

    def resting(self, account_id: int, since: float) -> list[tuple[str, Kind, str]]:
        """Process, type and name of the resting stats of processes that were heard of since that Unix time."""
        account = self._account(account_id)
        heard = {process.name for process in account.processes.values() if process.heard >= since}
        return [name for name in account.resting.names() if name[0] in heard]

    def states(self, account_id: int, now: float) -> Iterator[Entry]:
        """The live state of each process of an account, laid out as in its `.cur` file."""
        account = self._account(account_id)
        stats: dict[Process, dict[Kind, Entry]] = {}
        for stat, entry in live.values(account.all_stats()):
            del entry["p"]
            stats.setdefault(stat.process, {kind: {} for kind in KINDS})[stat.kind][stat.name] = entry
        for process in account.processes.values():
            yield {**_state(process, now), "stats": stats.get(process) or {kind: {} for kind in KINDS}}

    def health(self, account_id: int, now: float) -> Iterator[Entry]:
        """Each process of an account with its instances; what has come since is in those that come later."""
        for process in [*self._account(account_id).processes.values()]:
            yield health.entry(process, now)

    def process(self, account_id: int, name: str) -> Process | None:
        """A process of an account."""
        return self._account(account_id).processes.get(name)

    def restore(self, account_id: int, state: Entry) -> None:
        """Brings back a process and its totals from the contents of a `.cur` file, as after a restart."""
        account = self._account(account_id)
        process = self._new_process(account, state["nam"], state["seen"], slot_of(state["seen"]))
        process.heard = process.seen
        process.upt, process.mem, process.cpu = state["upt"], state["mem"], state["cpu"]
        process.err, process.wrn = state["err"], state["wrn"]
        process.instances.restore(state)
        for kind in KINDS:
            for name, entry in state["stats"].get(kind, {}).items():
                self._add_stat(process, kind, sys.intern(name), _rest_of(entry))
            for name, entry in state.get("resting", {}).get(kind, {}).items():
                account.resting.put(process.name, kind, name, _rest_of(entry))

    def drop(self, account_id: int) -> None:
        """Forgets an account, whose values must all have been handed out in cuts."""
        account = self._accounts.pop(account_id, None)
        self._removed = [one for one in self._removed if one[0] != account_id]
        for stat in account.all_stats() if account else ():
            stat.page.fold()
            stat.page.release_row(stat.row)
            self.stat_count -= 1

    def _account(self, account_id: int) -> Account:
        account = self._accounts.get(account_id)
        if account is None:
            account = self._accounts[account_id] = Account(account_id, Resting(self._most_stats))
        return account


def _state(process: Process, now: float) -> Entry:
    """The process as its `.cur` has it, but for its live stats."""
    resting = process.account.resting.of_process(process.name)
    return {**live.process_entry(process, now), **process.instances.state(), "resting": resting}


def _size(rows: list[MinuteRow]) -> int:
    """About the bytes that the rows take."""
    return sum(ROW_BYTES + (TEXT_BYTES + len(row.aggregate.skt) if row.aggregate.skt else 0) for row in rows)


def _rest_of(entry: Entry) -> Rest:
    """What a stat of a `.cur` file goes on from."""
    return Rest(entry.get("total", entry.get("last")) or 0.0, entry["emp"])


def _begun(commit: Commit, now: float) -> float:
    """When the values of a process's first commit began: an interval before, or when it was started."""
    interval = DEFAULT_INTERVAL if commit.upt is None else min(commit.upt, DEFAULT_INTERVAL)
    return now - commit.age - interval


def _moving(account: Account, slot: int) -> Iterator[Stat]:
    """The stats whose rolling minute has not run empty yet."""
    return (stat for stat in account.all_stats() if stat.page.last_slot[stat.row] >= slot - _IDLE_SLOTS)


def _stat_entry(stat: Stat, entry: Entry) -> Entry:
    return {"proc": stat.process.name, "typ": stat.kind, "nam": stat.name, **entry}
