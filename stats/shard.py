"""A shard: the live state of its accounts, and all that goes on around it in the event loop it lives in."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from channels.layers import BaseChannelLayer

from accounts.keys import KEY_PATTERN
from accounts.keytable import KeyEntry, KeyTable
from stats.aggregation.commit import Commit, Event, Partials
from stats.aggregation.engine import Applied, Engine
from stats.disk import Disk
from stats.events import Events
from stats.publisher import Publisher
from stats.ratelimit import RateLimit
from stats.selfwatch import SelfWatch

log = logging.getLogger("dattss.shard")

TICK_SECONDS = 0.1  # a commit is on the page within 250 ms
KEYS_SECONDS = 0.5  # a key that is made or revoked anywhere counts here within a second
SAMPLE_SECONDS = 5.0
WARN_SECONDS = 60.0
_MOST_WAITING = 1000  # requests with an unknown key that may wait for the next look at the database


class Shard:
    """One shard, owned by this process. `open` while it takes commits."""

    def __init__(  # noqa: PLR0913  (the parts that a process puts together)
        self,
        root: Path,
        layer: BaseChannelLayer,
        keys: KeyTable,
        watch: SelfWatch,
        *,
        most_stats: int,
        rate: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.layer = layer
        self.keys = keys
        self.watch = watch
        self.rate = RateLimit(rate)
        self.engine = Engine(clock(), most_stats)
        self.events = Events()
        self.publisher = Publisher(self.engine, layer, self.events.recent)
        self.open = False
        self.flushed_at = clock()
        self._clock = clock
        self._disk = Disk(root)
        # One thread for the disk keeps the files' writes in order; one for the keys keeps one database connection.
        self._disk_thread = ThreadPoolExecutor(1, "dattss-disk")
        self._keys_thread = ThreadPoolExecutor(1, "dattss-keys")
        self._flushing = asyncio.Lock()
        self._keys_read = asyncio.Event()
        self._reads_begun = self._reads_ended = 0
        self._waiting = 0
        self._warned_full: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Restores the state that the files hold and begins to take commits."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._keys_thread, self.keys.reload_if_changed)
        for account_id, state in await loop.run_in_executor(self._disk_thread, self._disk.read_states):
            self.engine.restore(account_id, state)
        for account_id, level, events in await loop.run_in_executor(self._disk_thread, self._disk.read_events):
            self.events.restore(account_id, level, events)
        self.open = True
        self.spawn(self._every(TICK_SECONDS, self._tick))
        self.spawn(self._every(KEYS_SECONDS, self._read_keys))
        self.spawn(self._every(SAMPLE_SECONDS, self._sample))

    def take(self, entry: KeyEntry, commit: Commit) -> Applied:
        """Applies a commit of the key's account. Raises InvalidCommit."""
        now = self._clock()
        applied = self.engine.apply(entry.account_id, commit, now)
        self.keys.touch(entry.key_id, now)
        self.watch.partials(applied.taken)
        if applied.dropped:
            self._warn_full(entry.account_id, commit.nam, applied.dropped, now)
        for event in self.events.add(entry.account_id, commit, now) if commit.evt else ():
            self.spawn(self.publisher.event(entry.account_id, event, now))
        return applied

    def _warn_full(self, account_id: int, process: str, dropped: int, now: float) -> None:
        """Tells the account, at most once a minute, that it is over its limit of live stats."""
        if now - self._warned_full.get(account_id, 0.0) < WARN_SECONDS:
            return
        self._warned_full[account_id] = now
        message = f"The account is at its limit of live stats: {dropped} new stats of {process} were left out."
        warning = Event("warning", message, typ="LimitReached")
        for event in self.events.add(account_id, Commit("dattss", Partials(), evt=[warning]), now):
            self.spawn(self.publisher.event(account_id, event, now))

    async def lookup_new_key(self, raw: str) -> KeyEntry | None:
        """A key that the table does not know may be seconds old: waits for the next look at the database.

        Requests with unknown keys share that look, so that guessing keys costs the database nothing.
        """
        if not KEY_PATTERN.fullmatch(raw) or self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        try:
            # One that has begun already may have missed the key.
            wanted = self._reads_begun + 1
            while self._reads_ended < wanted:
                await self._keys_read.wait()
        finally:
            self._waiting -= 1
        return self.keys.lookup(raw)

    async def flush(self) -> dict[str, Any]:
        """Writes the ended minutes, the current states and new events to their files, outside the event loop.

        Returns `lines` written, `seconds` it took, and `keys_used`
        (pairs of key id and Unix time). Raises OSError when the disk
        refuses; what was not written stays pending and is tried again by the next flush.
        """
        async with self._flushing:
            now = self._clock()
            started = time.perf_counter()
            self.engine.advance(now)
            lines = await self._write(now)
            self.flushed_at = now
            seconds = time.perf_counter() - started
            self.watch.flush(lines, seconds)
            return {"lines": lines, "seconds": seconds, "keys_used": list(self.keys.take_last_used().items())}

    async def stop(self) -> None:
        """Takes no more commits and writes all that is in memory, the open minute too."""
        self.open = False
        async with self._flushing:
            # A flush that runs has ended by now: cut off in its middle it would not know what it had written.
            for task in self._tasks:
                task.cancel()
            self.engine.close_open_minute()
            await self._write(self._clock())
        self._disk_thread.shutdown()
        self._keys_thread.shutdown()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside everything else; an error in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A task of the shard failed.", exc_info=task.exception())

    async def _write(self, now: float) -> int:
        rows = self.engine.pending()
        states = list(self.engine.states(now))
        events = list(self.events.take_changed())
        loop = asyncio.get_running_loop()
        outcome = await loop.run_in_executor(self._disk_thread, self._disk.write, rows, states, events)
        self.engine.confirm(len(rows), outcome.unwritten)
        if outcome.error is not None:
            self.events.mark(events)
            raise outcome.error
        return outcome.written

    async def _every(self, seconds: float, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs `act` at a steady pace; an error in it is logged and does not end the round."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                await act()
            except Exception as problem:  # noqa: BLE001  (Redis or the database may be away: the next round tries again)
                log.error("A round of the shard failed (%s); it goes on.", problem)  # noqa: TRY400
            due = max(due + seconds, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _tick(self) -> None:
        await self.publisher.tick(self._clock())

    async def _read_keys(self) -> None:
        self._reads_begun += 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._keys_thread, self.keys.reload_if_changed)
        finally:
            self._reads_ended = self._reads_begun
            self._keys_read.set()
            self._keys_read.clear()

    async def _sample(self) -> None:
        self.watch.sample(self.engine.stat_count)
