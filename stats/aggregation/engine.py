"""The live state of all accounts of a shard: takes commits into the open minute, hands out those that have ended.

Everything here runs in one thread (the event loop's); times come in as arguments, Unix seconds.
"""

from typing import NamedTuple

import numpy as np

from stats.aggregation import ageing, live, watching
from stats.aggregation.arithmetic import Rows
from stats.aggregation.checked import Checked, checked
from stats.aggregation.commit import Commit
from stats.aggregation.cut import Cut, of_page
from stats.aggregation.late import Late
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, Page, Texts, columns_of, partials_of, slot_of
from stats.aggregation.partial import KINDS
from stats.aggregation.quiet import DEFAULT_INTERVAL
from stats.aggregation.registry import Gauges, Layout, Process, Registry, Share, Stat
from stats.aggregation.vitals import CPU, ERRORS, MEMORY, VITALS, WARNINGS

MOST_COLLECTED = 16_384  # partials that wait to be folded, 80 bytes each: that takes some 10 ms
_STAT_BYTES = 300  # of a stat beside its row in a page: the object, its name, its place in a dict


class Applied(NamedTuple):
    """What became of a commit: how many partials were taken, and how many left out because the account is full."""

    taken: int
    dropped: int


class Engine:
    """See the module. `registry` has who is there; `most_stats` is the limit of live stats, and of processes, of each
    account."""

    def __init__(self, now: float, most_stats: int) -> None:
        self.registry = Registry(now, most_stats)
        self._accounts = self.registry.accounts
        self._late = Late()
        self._collected = 0  # partials that wait in the pages

    # --- commits in -----------------------------------------------------------------------------------------------

    def check(self, account_id: int, commit: Commit) -> Checked:
        """The commit's partials, ready for `apply`. Raises InvalidCommit for what the types alone do not catch."""
        account = self._accounts.get(account_id)
        return checked(commit, account.processes.get(commit.nam) if account else None)

    def apply(self, account_id: int, commit: Commit, now: float, given: Checked) -> Applied:
        """Takes a commit that `check` has found good into the minute that `advance` has opened."""
        account = self._accounts.get(account_id) or self.registry.account(account_id)
        process = account.processes.get(commit.nam)
        open_slot = self.registry.slot
        if process is None:
            if len(account.processes) >= self.registry.most_stats:
                return Applied(0, len(given.names))
            process = self.registry.new_process(account, commit.nam, 0.0, open_slot)
            process.begun = _begun(commit, now)
        # A stat may have gone to rest since the commit was checked.
        layout = given.layout if given.layout is process.layout else None
        if layout is None:
            layout = self._lay_out(process, given)
        slot = slot_of(now - commit.age) if commit.age else open_slot
        taken = self._take(layout, given, slot)
        self._mark(process, commit, now, slot)
        if account.watched_until > now:
            watching.note_commit(process, layout)
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
        stat = process.stats[kind].get(name) or self.registry.new_stat(process, kind, name)
        if slot >= stat.page.slot:
            stat.page.add_singles((stat.row,), (value,))
        else:
            self._take_earlier(stat.page, np.array([stat.row]), slot, partials_of([value]), None)
        self._collected += 1
        if process.account.watched_until >= slot * SLOT_SECONDS:
            process.account.changed.add(stat)

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
            self._late.add(page, rows, slot // SLOTS, columns_of(values), sketches)

    def _lay_out(self, process: Process, given: Checked) -> Layout:
        """Where the partials go; stats that are new get their rows, as long as the account may have more."""
        found: dict[Page[Stat], tuple[list[int], list[int]]] = {}
        names = []
        kinds = (kind for kind, size in zip(KINDS, given.sizes, strict=True) for _ in range(size))
        for place, (kind, name) in enumerate(zip(kinds, given.names, strict=True)):
            stat = process.stats[kind].get(name)
            if stat is None and process.account.stat_count < self.registry.most_stats:
                stat = self.registry.new_stat(process, kind, name)
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

    def _fold(self) -> None:
        self._collected = 0
        for page in self.registry.pages:
            page.fold()

    # --- time passes ----------------------------------------------------------------------------------------------

    def advance(self, now: float) -> Cut | None:
        """Opens the slot of `now`. Where a minute ends by it, the cut at its end is returned: the caller owns it.

        A clock that steps back by less than a minute is taken to stand still until it has caught up.
        """
        slot = slot_of(now)
        open_slot = self.registry.slot
        if open_slot - SLOTS < slot <= open_slot:
            return None
        ended = self.cut(now) if slot // SLOTS != open_slot // SLOTS else None
        if slot < open_slot:
            ageing.set_back(self.registry, now)
        self._open(slot)
        if ended is not None:
            ageing.lay_to_rest(self.registry, now)
            ageing.fold_away(self.registry, now)
        watching.note_moving(self.registry, now)
        return ended

    def set_clock(self, at: float) -> None:
        """Begins at another time than that of the start: before the first commit of a replay, all rings are empty."""
        self._open(slot_of(at))

    def _open(self, slot: int) -> None:
        self.registry.slot = slot
        self._collected = 0
        for page in self.registry.pages:
            page.advance(slot)

    def cut(self, now: float) -> Cut:
        """A cut through the minute as far as it has come. Its values belong to the cut: they are not handed out again
        only because `advance`, or the end of the process, follows."""
        processes = [(process, live.state(process, now)) for process in self.registry.processes()]
        pages = [page for page in map(of_page, self.registry.pages) if page is not None]
        heard = [process.heard for process, _ in processes]
        removed = self.registry.take_removed()
        return Cut(pages, self._late.take(), processes, heard, removed, self.registry.slot // SLOTS)

    def memory(self) -> dict[str, int]:
        """About the bytes of what grows with the stats."""
        pages = self.registry.pages
        return {
            "stats": _STAT_BYTES * self.registry.stat_count + sum(page.nbytes for page in pages),
            "sketches": sum(page.sketch_bytes for page in pages),
            "late": self._late.nbytes,
            "resting": sum(account.resting.nbytes for account in self._accounts.values()),
        }


def _begun(commit: Commit, now: float) -> float:
    """When the values of a process's first commit began: an interval before, or when it was started."""
    interval = DEFAULT_INTERVAL if commit.upt is None else min(commit.upt, DEFAULT_INTERVAL)
    return now - commit.age - interval
