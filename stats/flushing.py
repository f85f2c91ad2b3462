"""Minutes that have ended, on their way into files.

What came until a minute's end is a unit; units are written in their order, outside the event loop.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from stats.aggregation.cut import Cut
from stats.disk import Disk, Planned, Unit
from stats.in_memory import InMemory
from stats.storage.journal import Journal

PATIENCE = 8.0  # seconds after a minute's end in which Celery may ask for the flush; then the shard does it by itself
RETRY_SECONDS = 60.0  # after a flush that nobody asked for

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Flushing:
    """The units that wait. `lock` is held by who flushes or must not meet a flush."""

    def __init__(self, memory: InMemory, journal: Journal, disk: Disk, clock: Callable[[], float]) -> None:
        self.lock = asyncio.Lock()
        self._memory = memory
        self._journal = journal
        self._disk = disk
        self._clock = clock
        self._units: deque[Unit] = deque()  # ended segments
        self._cuts: list[Cut] = []  # of the open segment: only a replay finds a minute's end in the middle of one
        self._by = 0.0  # time.monotonic() at which what waits then is flushed unasked
        # One thread keeps the files' writes in order.
        self._thread = ThreadPoolExecutor(1, "dattss-disk")

    async def in_thread(self, work: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs) -> _Result:
        """What `work` returns, done after all writes that were asked for before."""
        return await asyncio.wrap_future(self._thread.submit(work, *given, **named))

    def end_segment(self, ended: Cut) -> None:
        """What came until now is a unit of the flush; what comes from now on goes to another segment."""
        cuts, self._cuts = [*self._cuts, ended], []
        self._memory.delivered.forget(self._clock())
        events = list(self._memory.events.take_changed())
        unit = Unit(self._journal.number, cuts, events, self._memory.delivered.dump())
        if not self._units:
            self._by = time.monotonic() + PATIENCE
        self._units.append(unit)
        self._journal.end_segment()

    def end_within_segment(self, ended: Cut) -> None:
        """A minute has ended in the middle of a segment that is read again: it is written with what follows."""
        self._cuts.append(ended)

    async def write(self) -> int:
        """Writes the units; returns how many lines they have. Called with the lock held.

        Raises OSError when the disk refuses: what was not written stays in the journal or in its plan.
        """
        lines = 0
        await self.in_thread(self._disk.complete)
        while self._units:
            for cut in self._units[0].cuts:
                for _ in cut.complete():
                    await asyncio.sleep(0)  # commits have their turn between pages
            planned = await self.in_thread(self._disk.plan, self._units[0])
            lines += planned.lines
            self._keep_minutes(self._units.popleft(), planned)
            await self.in_thread(self._disk.complete)
        return lines

    def _keep_minutes(self, unit: Unit, planned: Planned) -> None:
        """Events count with the last cut of the unit: only a replay has several."""
        self._memory.minutes.put_late([planned.late] if planned.late is not None else [])
        for cut, parts in zip(unit.cuts, planned.minutes, strict=True):
            self._memory.minutes.put(cut, parts, unit.events if cut is unit.cuts[-1] else [])

    def is_overdue(self) -> bool:
        """Whether what waits has to be flushed unasked, now; it is not overdue again within a minute."""
        if not self._units or time.monotonic() < self._by or self.lock.locked():
            return False
        self._by = time.monotonic() + RETRY_SECONDS
        return True

    @property
    def segment(self) -> int:
        """The segment that takes commits, or took the last ones."""
        return self._journal.number

    def may_take(self, segment: int) -> bool:
        """Whether the segment still takes commits; one that has ended is flushed when this is asked."""
        return self._journal.is_open and self._journal.number <= segment

    def stop(self) -> None:
        """Returns when the last write has ended."""
        self._thread.shutdown()
