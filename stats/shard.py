"""A shard: the live state of its accounts, and all that goes on around it in the event loop it lives in."""

import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from channels.layers import BaseChannelLayer

from accounts.keytable import KeyEntry
from stats import removal
from stats.aggregation.checked import Checked
from stats.aggregation.commit import Commit
from stats.aggregation.engine import Applied, Engine
from stats.aggregation.watching import Watching
from stats.disk import Disk
from stats.disk_meter import DiskMeter
from stats.durability import Durability
from stats.flushing import Flushing
from stats.in_memory import InMemory
from stats.keyring import Keyring
from stats.limit_warnings import LimitWarnings
from stats.listening import Listening
from stats.meter import Meter
from stats.publisher import Publisher
from stats.ratelimit import RateLimit
from stats.replay import Replay
from stats.residents import Residents
from stats.rounds import Tasks, every
from stats.selfwatch import SelfWatch
from stats.storage.journal import Journal
from stats.storage.segment import Record

log = logging.getLogger("dattss.shard")

TICK_SECONDS = 0.1  # a commit is on the page within 250 ms
SAMPLE_SECONDS = 5.0


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


class Shard:
    """One shard, owned by this process. `open` while it takes commits; `held` are the accounts in its memory."""

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
        memory = InMemory(Engine(clock(), parts.most_stats))
        self.engine = memory.engine
        self.registry = self.engine.registry
        self.events = memory.events
        self.minutes = memory.minutes
        self.publisher = Publisher(Watching(self.registry), parts.layer, self.events.recent)
        self.open = False
        self.listening = Listening(clock(), steady())
        self.flushed_at = clock()
        self._clock = clock
        self._steady = steady
        self._memory = memory
        self._delivered = memory.delivered
        self._journal = Journal(parts.journal)
        self._disk = Disk(parts.root, parts.journal, self._journal)
        self._durability = Durability(self._journal, always=parts.sync_always)
        self._flushing = Flushing(memory, self._journal, self._disk, clock)
        self.residents = Residents(parts.number, keys, memory, self._disk, self._flushing)
        self.held = self.residents.held
        self._took = self.residents.took
        self._limit_warnings = LimitWarnings()
        self._tasks = Tasks()

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
        await self._flushing.in_thread(self._restore)
        await self.residents.settle()
        self.keys.changed = self.residents.settle
        self.open = True
        self.listening = Listening(self._clock(), self._steady())
        self.spawn(every(TICK_SECONDS, self._mind_minutes))
        self.spawn(every(TICK_SECONDS, self._publish))
        self.spawn(every(SAMPLE_SECONDS, self._sample))
        self.spawn(self._durability.run())

    async def stop(self) -> None:
        """Takes no more commits and writes all that is in memory, the open minute too."""
        self.open = False
        async with self._flushing.lock:
            # A flush that runs has ended by now: cut off in its middle it would leave its work to the next start.
            self._tasks.cancel()
            try:
                self._flushing.end_segment(self.engine.cut(self._clock()))
                await self._flushing.write()
            finally:  # where the disk is full the journal has it all
                self._durability.stop()
                self._flushing.stop()

    def _restore(self) -> None:
        """Completes a flush that was cut off, reads the files, and replays the journal."""
        self._disk.complete()
        self.minutes.put_late(self._disk.read_late())
        self.residents.restore()
        Replay(self._journal, self.engine, self._flushing, self.held, self._count_again).run()
        self.watch.journal(self._journal.faults)
        self._advance(self._clock())

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
        process = self.registry.account(account_id).processes.get(name)
        if process is None or process.state(now) != "down":
            return False
        self._write_down(account_id, now, removal.written(name))
        self.registry.remove(account_id, name)
        return True

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

    def _count_again(self, account_id: int, commit: Commit, at: float) -> None:
        """Counts a commit of the journal, unless it is known to be taken. Raises InvalidCommit."""
        given = self.engine.check(account_id, commit)
        if not self._was_taken(account_id, commit):
            self._count(account_id, commit, at, given)

    def _tell(self, account_id: int, events: list[dict[str, Any]], now: float) -> None:
        if self.open and self.publisher.is_heeded(account_id, now):
            self.spawn(self.publisher.events(account_id, events, now))

    def _warn_full(self, account_id: int, process: str, dropped: int, now: float) -> None:
        """Tells the account that it is over its limit of live stats."""
        warning = self._limit_warnings.of(account_id, process, dropped, now)
        if warning is not None:
            self._tell(account_id, self.events.add(account_id, warning, now), now)

    # --- time passes ----------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        self.listening.note(now, self._steady())
        ended = self.engine.advance(now)
        if ended is not None:
            ended.whole = self.open and ended.minute * 60 >= self.listening.since
            self._flushing.end_segment(ended)

    async def flush(self) -> dict[str, Any]:
        """Writes the ended minutes, the states and events of then to their files, outside the event loop.

        Returns `lines` written and `seconds` it took. Raises OSError when the disk refuses; what was not written stays
        in the journal and is tried again by the next flush.
        """
        async with self._flushing.lock:
            now = self._clock()
            started = time.perf_counter()
            self._advance(now)
            lines = await self._flushing.write()
            await self.residents.let_go()
            self.flushed_at = now
            seconds = time.perf_counter() - started
            self.watch.flush(lines, seconds)
            return {"lines": lines, "seconds": seconds}

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside everything else; an error in it is logged."""
        self._tasks.spawn(work)

    async def _publish(self) -> None:
        """A round of its own: Redis may hang, and minutes do not wait for it."""
        now = self._clock()
        self._advance(now)
        await self.publisher.tick(now)

    async def _mind_minutes(self) -> None:
        self._advance(self._clock())
        if self._flushing.is_overdue():
            self.spawn(self._flush_unasked())

    async def _flush_unasked(self) -> None:
        """A minute's lines are in their files within 10 s of its end, whoever is away and whatever clocks do."""
        log.warning("Celery has not asked for the flush of the minute; flushing without it.")
        try:
            await self.flush()
        except OSError as error:
            log.error("The minute cannot be written (%s); it stays in the journal and is tried again.", error)  # noqa: TRY400

    async def _sample(self) -> None:
        await self.residents.settle_rest()
        now = self._clock()
        self.rate.forget(time.monotonic())
        self.meter.roll(now)
        self._limit_warnings.forget(now)
        self.watch.canary(now)
        self.watch.sample({"stats.live": self.registry.stat_count, **self._memory.sizes()})
