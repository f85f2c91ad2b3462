"""A shard: the live state of its accounts, and all that goes on around it in the event loop it lives in."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from channels.layers import BaseChannelLayer

from accounts.keytable import KeyEntry
from stats import removal
from stats.aggregation.checked import Checked
from stats.aggregation.commit import Commit, Event, InvalidCommit, Partials, decode
from stats.aggregation.cut import Cut
from stats.aggregation.delivered import Delivered, Dump
from stats.aggregation.engine import Applied, Engine
from stats.disk import Disk, Planned, Unit
from stats.disk_meter import DiskMeter
from stats.durability import Durability
from stats.events import Events
from stats.keyring import Keyring
from stats.listening import Listening
from stats.meter import Meter
from stats.minutes import Minutes
from stats.publisher import Publisher
from stats.ratelimit import RateLimit
from stats.rounds import every
from stats.selfwatch import SelfWatch, resident_bytes
from stats.storage.journal import Journal
from stats.storage.plan import Events as StoredEvents
from stats.storage.segment import Record

log = logging.getLogger("dattss.shard")

TICK_SECONDS = 0.1  # a commit is on the page within 250 ms
SAMPLE_SECONDS = 5.0
WARN_SECONDS = 60.0
PATIENCE = 8.0  # seconds after a minute's end in which Celery may ask for the flush; then the shard does it by itself
RETRY_SECONDS = 60.0  # after a flush that nobody asked for


@dataclass(frozen=True)
class Parts:
    """What a shard is made with: the folder of all values and that of its journal, the channel layer, whether each
    answer waits for the disk, the limit of live stats of an account, that of commits a second, and its number."""

    root: Path
    journal: Path
    layer: BaseChannelLayer
    sync_always: bool
    most_stats: int
    rate: int
    number: int = 0


class Taken(NamedTuple):
    """What became of a commit: whether it was taken before, and how many new stats were left out."""

    dup: bool
    dropped: int


class Restored(NamedTuple):
    """What the files have of an account: its processes' states, its events, and what was delivered where it was
    before."""

    account: int
    states: list[dict[str, Any]]
    events: list[StoredEvents]
    delivered: Dump


class Shard:
    """One shard, owned by this process. `open` while it takes commits; `held` are the accounts that it has in memory.

    The table of keys says which accounts it should have: `settle` brings in those that come, and those that go are
    let go of by the flush that has brought all that came of them into files.
    """

    def __init__(
        self,
        parts: Parts,
        keys: Keyring,
        watch: SelfWatch,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = parts.number
        self.layer = parts.layer
        self.keys = keys
        self.watch = watch
        self.sync_always = parts.sync_always
        self.rate = RateLimit(parts.rate)
        self.meter = Meter(clock())
        self.disk_meter = DiskMeter(parts.root)
        self.engine = Engine(clock(), parts.most_stats)
        self.events = Events()
        self.publisher = Publisher(self.engine, parts.layer, self.events.recent)
        self.open = False
        self.listening = Listening(clock(), steady())
        self.minutes = Minutes()
        self.flushed_at = clock()
        self._clock = clock
        self._steady = steady
        self._journal = Journal(parts.journal)
        self._disk = Disk(parts.root, parts.journal, self._journal)
        self._durability = Durability(self._journal, always=parts.sync_always)
        self._delivered = Delivered()
        self._units: deque[Unit] = deque()  # ended segments, until they are flushed
        self._replayed = False
        self._cuts: list[Cut] = []  # of the open segment: only a replay finds a minute's end in the middle of one
        self.held: set[int] = set()
        self._took: set[int] = set()  # accounts that commits have come of since the start, or that the journal had some
        self._settling = asyncio.Lock()
        self._to_settle = False  # an account that should be here could not be read
        self._leaving: dict[int, int] = {}  # accounts that take no more, and the last segment that may hold any of them
        # One thread keeps the files' writes in order.
        self._disk_thread = ThreadPoolExecutor(1, "dattss-disk")
        self._flushing = asyncio.Lock()
        self._flush_by = 0.0  # time.monotonic() at which the shard flushes what waits then
        self._warned_full: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def unwritable(self) -> list[str]:
        """The files that the last flush could not write, and why."""
        return self._disk.unwritable

    def keeps(self, account_id: int) -> bool:
        """Whether something is meant for files of the account that cannot be written. Reads a file."""
        return self._disk.keeps(account_id)

    # --- begin and end --------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Brings back what the files and the journal hold, and begins to take commits; the keys are started before.

        Raises OSError.
        """
        await asyncio.get_running_loop().run_in_executor(self._disk_thread, self._restore)
        await self.settle()
        self.keys.changed = self.settle
        self.open = True
        self.listening = Listening(self._clock(), self._steady())
        self.spawn(every(TICK_SECONDS, self._mind_minutes))
        self.spawn(every(TICK_SECONDS, self._publish))
        self.spawn(every(SAMPLE_SECONDS, self._sample))
        self.spawn(self._durability.run())

    async def stop(self) -> None:
        """Takes no more commits and writes all that is in memory, the open minute too."""
        self.open = False
        async with self._flushing:
            # A flush that runs has ended by now: cut off in its middle it would leave its work to the next start.
            for task in self._tasks:
                task.cancel()
            try:
                self._end_segment(self.engine.cut(self._clock()))
                await self._flush_units()
            finally:  # where the disk is full the journal has it all
                self._durability.stop()
                self._disk_thread.shutdown()

    def _restore(self) -> None:
        """Completes a flush that was cut off, reads the files, and replays the journal."""
        self._disk.complete()
        self.minutes.put_late(self._disk.read_late())
        # An account that has moved away has an owner of its own by now, whatever this shard still knows of it.
        mine = self.keys.table.accounts_of(self.number)
        delivered = self._disk.read_delivered()
        self._delivered.load([(account, known) for account, known in delivered if account in mine])
        for account_id in mine:
            self._bring_in(self._read_account(account_id))
        segments = self._journal.segments()
        for number in segments:
            self._replay(number)
        if segments and segments[-1] in self._journal.segments():
            self._journal.open_segment(segments[-1])
        self.watch.journal(self._journal.faults)
        self._advance(self._clock())

    def _replay(self, number: int) -> None:
        """Applies a segment again. Where a minute ends before its first record, the segments before it are a unit."""
        for index, record in enumerate(self._journal.read(number)):
            if not self._replayed:
                self.engine.set_clock(record.at)
                self._replayed = True
            ended = self.engine.advance(record.at)
            if ended is not None and index == 0:
                self._end_segment(ended)
            elif ended is not None:
                self._cuts.append(ended)
            self._journal.number = number
            self._take_again(number, record)
        self._journal.number = number

    def _take_again(self, number: int, record: Record) -> None:
        """What was taken before the restart. A commit may be known where somebody has put a segment back."""
        if record.account not in self.held:
            self._journal.refuse(number, record, f"account {record.account} is not one of this shard")
            return
        name = removal.read(record.body)
        if name is not None:
            self.engine.remove(record.account, name)
            return
        try:
            commit = decode(record.body)
            given = self.engine.check(record.account, commit)
        except InvalidCommit as error:  # another version has taken it
            self._journal.refuse(number, record, str(error))
            return
        if not self._was_taken(record.account, commit):
            self._count(record.account, commit, record.at, given)

    # --- accounts that come and go --------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Does what the table of keys says: brings in accounts that have come here, takes no more of those that go."""
        table = self.keys.table
        mine = table.accounts_of(self.number)
        for account_id in list(self.held):
            if table.takes(account_id, self.number):
                self._leaving.pop(account_id, None)
                continue
            last = self._leaving.setdefault(account_id, self._journal.number if account_id in self._took else -1)
            if account_id not in mine and not self._may_hold(last):
                # It was let go of before a restart in the middle of its move, and has an owner that writes its files.
                self._disk.foreign.add(account_id)
                self._forget(account_id)
        async with self._settling:
            for account_id in mine - self.held:
                if table.takes(account_id, self.number):
                    await self._bring_in_from_files(account_id)

    async def _bring_in_from_files(self, account_id: int) -> None:
        """One whose files cannot be read stays closed, and is tried again; it keeps no other account from coming."""
        try:
            restored = await asyncio.to_thread(self._read_account, account_id)
        except (OSError, ValueError) as problem:
            log.error("Account %s cannot be brought in; trying again. %s", account_id, problem)  # noqa: TRY400
            self._to_settle = True
            return
        self._bring_in(restored)

    def _read_account(self, account_id: int) -> Restored:
        """What the files have of an account that comes. Called in a thread, since it may wait for a flush."""
        read = self._disk
        read.take_over(account_id)
        return Restored(
            account_id, read.read_states(account_id), read.read_events(account_id), read.read_handed_over(account_id)
        )

    def _bring_in(self, restored: Restored) -> None:
        for state in restored.states:
            self.engine.restore(restored.account, state)
        for account_id, level, events in restored.events:
            self.events.restore(account_id, level, events)
            if level == "group":
                self.minutes.bring_in(account_id, events)
        self._delivered.load(restored.delivered)
        self._disk.foreign.discard(restored.account)
        self.held.add(restored.account)

    async def _let_go(self) -> None:
        """Forgets the accounts that leave and are wholly in files; what was delivered of them is laid beside these."""
        ended = [account for account, last in self._leaving.items() if not self._may_hold(last)]
        written = await asyncio.get_running_loop().run_in_executor(self._disk_thread, self._hand_over, ended)
        # A minute that has ended meanwhile must not be written later: the states in it are not ours any more.
        await self._flush_units()
        for account_id in written:
            if account_id in self._leaving:  # it may have come back
                self._forget(account_id)

    async def erase(self, account_id: int) -> bool:
        """Removes what there is of a closed account, in memory and in files.

        Returns False, and has removed nothing, where the open segment of the journal may hold some of it: then it is
        asked for again when that minute is over. Raises OSError, LookupError where the account is not closed.
        """
        place = self.keys.table.place(account_id)
        if place is None or not place.closed or place.moving:
            raise LookupError(f"account {account_id} is not closed")
        async with self._flushing:
            if account_id in self.held:
                await self._flush_units()
                if self._may_hold(self._leaving.get(account_id, self._journal.number)):
                    return False
            self._forget(account_id)  # before anything ends a minute: no later flush has any of it
            await asyncio.get_running_loop().run_in_executor(self._disk_thread, self._disk.give_up, account_id)
        await asyncio.to_thread(self._disk.erase, account_id)
        return True

    def _hand_over(self, accounts: list[int]) -> list[int]:
        """Those of the accounts of which all is in files, and beside them now what was delivered. Called in a thread:
        nobody adds to what was delivered of an account that leaves."""
        whole = [account_id for account_id in accounts if not self._disk.keeps(account_id)]
        for account_id in whole:
            self._disk.hand_over(account_id, self._delivered.dump_account(account_id))
        return whole

    def _may_hold(self, segment: int) -> bool:
        """Whether the segment still takes commits; one that has ended is flushed when this is asked."""
        return self._journal.is_open and self._journal.number <= segment

    def _forget(self, account_id: int) -> None:
        self._leaving.pop(account_id, None)
        self.held.discard(account_id)
        self._took.discard(account_id)
        self.engine.drop(account_id)
        self.events.drop(account_id)
        self.minutes.drop(account_id)
        self._delivered.drop(account_id)

    # --- commits --------------------------------------------------------------------------------------------------

    def take(self, entry: KeyEntry, commit: Commit, body: bytes, address: str | None) -> Taken:
        """Takes a commit of the key's account, from an IP address, whose JSON is `body`: when this returns it is in the
        journal.

        Raises InvalidCommit, or OSError where it cannot be kept; then nothing has changed.
        """
        now = self._clock()
        given = self.engine.check(entry.account_id, commit)
        self.keys.table.touch(entry.key_id, now, address)
        if self._was_taken(entry.account_id, commit):
            return Taken(True, 0)
        self._write_down(entry.account_id, now, body)
        applied = self._count(entry.account_id, commit, now, given)
        self.watch.partials(applied.taken)
        self.meter.commit(entry.account_id, applied.taken, commit.iid)
        if applied.dropped:
            self._warn_full(entry.account_id, commit.nam, applied.dropped, now)
        return Taken(False, applied.dropped)

    async def durable(self) -> None:
        """Returns when what was taken is on the disk, where `sync_always` asks for it. Raises OSError."""
        await self._durability.wait()

    def remove_process(self, account_id: int, name: str) -> bool:
        """Forgets a process of an account that is held and stays; returns whether it was there and is down.

        When this returns it is in the journal. Raises OSError where it cannot be kept; then nothing has changed.
        """
        now = self._clock()
        process = self.engine.process(account_id, name)
        if process is None or process.state(now) != "down":
            return False
        self._write_down(account_id, now, removal.written(name))
        self.engine.remove(account_id, name)
        return True

    def is_leaving(self, account_id: int) -> bool:
        """Whether the account takes nothing any more, since it moves."""
        return account_id in self._leaving

    def _write_down(self, account_id: int, now: float, body: bytes) -> None:
        self._advance(now)
        if not self._journal.is_open:
            self._journal.open_segment(max(self._journal.number + 1, int(now // 60)))
        self._journal.append(Record(account_id, now, body))

    def _was_taken(self, account_id: int, commit: Commit) -> bool:
        return commit.seq is not None and bool(commit.iid) and self._delivered.has(account_id, commit.iid, commit.seq)

    def _count(self, account_id: int, commit: Commit, now: float, given: Checked) -> Applied:
        """Puts a commit that is in the journal into the live state."""
        self._took.add(account_id)
        if commit.seq is not None and commit.iid:
            self._delivered.add(account_id, commit.iid, commit.seq, now)
        if commit.evt:
            self._tell(account_id, self.events.add(account_id, commit, now), now)
        return self.engine.apply(account_id, commit, now, given)

    def _tell(self, account_id: int, events: list[dict[str, Any]], now: float) -> None:
        if self.open and self.publisher.is_heeded(account_id, now):
            self.spawn(self.publisher.events(account_id, events, now))

    def _advance(self, now: float) -> None:
        self.listening.note(now, self._steady())
        ended = self.engine.advance(now)
        if ended is not None:
            ended.whole = self.open and ended.minute * 60 >= self.listening.since
            self._end_segment(ended)

    def _end_segment(self, ended: Cut) -> None:
        """What came until now is a unit of the flush; what comes from now on goes to another segment."""
        cuts, self._cuts = [*self._cuts, ended], []
        self._delivered.forget(self._clock())
        unit = Unit(self._journal.number, cuts, list(self.events.take_changed()), self._delivered.dump())
        if not self._units:
            self._flush_by = time.monotonic() + PATIENCE
        self._units.append(unit)
        self._journal.end_segment()

    def _warn_full(self, account_id: int, process: str, dropped: int, now: float) -> None:
        """Tells the account, at most once a minute, that it is over its limit of live stats."""
        if now - self._warned_full.get(account_id, 0.0) < WARN_SECONDS:
            return
        self._warned_full[account_id] = now
        message = f"The account is at its limit of live stats: {dropped} new stats of {process} were left out."
        warning = Event("warning", message, typ="LimitReached")
        self._tell(
            account_id, self.events.add(account_id, Commit(nam="dattss", prt=Partials(), evt=[warning]), now), now
        )

    async def flush(self) -> dict[str, Any]:
        """Writes the ended minutes, the states and events of then to their files, outside the event loop.

        Returns `lines` written and `seconds` it took. Raises OSError when the disk refuses; what was not written stays
        in the journal and is tried again by the next flush.
        """
        async with self._flushing:
            now = self._clock()
            started = time.perf_counter()
            self._advance(now)
            lines = await self._flush_units()
            if self._leaving:
                await self._let_go()
            self.flushed_at = now
            seconds = time.perf_counter() - started
            self.watch.flush(lines, seconds)
            return {"lines": lines, "seconds": seconds}

    async def _flush_units(self) -> int:
        loop = asyncio.get_running_loop()
        lines = 0
        await loop.run_in_executor(self._disk_thread, self._disk.complete)
        while self._units:
            for cut in self._units[0].cuts:
                for _ in cut.complete():
                    await asyncio.sleep(0)  # commits have their turn between pages
            planned = await loop.run_in_executor(self._disk_thread, self._disk.plan, self._units[0])
            lines += planned.lines
            self._keep_minutes(self._units.popleft(), planned)
            await loop.run_in_executor(self._disk_thread, self._disk.complete)
        return lines

    def _keep_minutes(self, unit: Unit, planned: Planned) -> None:
        """Events count with the last cut of the unit: only a replay has several."""
        self.minutes.put_late([planned.late] if planned.late is not None else [])
        for cut, parts in zip(unit.cuts, planned.minutes, strict=True):
            self.minutes.put(cut, parts, unit.events if cut is unit.cuts[-1] else [])

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside everything else; an error in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A task of the shard failed.", exc_info=task.exception())

    async def _publish(self) -> None:
        """A round of its own: Redis may hang, and minutes do not wait for it."""
        now = self._clock()
        self._advance(now)
        await self.publisher.tick(now)

    async def _mind_minutes(self) -> None:
        self._advance(self._clock())
        if self._units and time.monotonic() >= self._flush_by and not self._flushing.locked():
            self._flush_by = time.monotonic() + RETRY_SECONDS
            self.spawn(self._flush_unasked())

    async def _flush_unasked(self) -> None:
        """A minute's lines are in their files within 10 s of its end, whoever is away and whatever clocks do."""
        log.warning("Celery has not asked for the flush of the minute; flushing without it.")
        try:
            await self.flush()
        except OSError as error:
            log.error("The minute cannot be written (%s); it stays in the journal and is tried again.", error)  # noqa: TRY400

    async def _sample(self) -> None:
        if self._to_settle:
            self._to_settle = False
            await self.settle()
        now = self._clock()
        self.rate.forget(time.monotonic())
        self.meter.roll(now)
        self._warned_full = {one: at for one, at in self._warned_full.items() if now - at < WARN_SECONDS}
        self.watch.canary(now)
        self.watch.sample({"stats.live": self.engine.stat_count, **self._memory()})

    def _memory(self) -> dict[str, int]:
        """Bytes of the process and of what grows in it."""
        return {
            "memory": resident_bytes(),
            **{f"memory.{part}": size for part, size in self.engine.memory().items()},
            "memory.delivered": self._delivered.nbytes,
            "memory.events": self.events.nbytes,
        }
