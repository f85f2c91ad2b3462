"""What accounts take of the disk, counted in a thread where somebody asks, and known for some minutes."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from stats.storage.disk_use import DiskUse, disk_use

FRESH_SECONDS = 300.0
PATIENCE = 1.5  # seconds that an answer waits; who asks for usage waits 5 for all of it


class Counted(NamedTuple):
    """What an account took of the disk at a time, Unix seconds."""

    use: DiskUse
    at: float


class DiskMeter:
    """Counts one account at a time: a large one has hundreds of thousands of files."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._root = root
        self._clock = clock
        self._known: dict[int, Counted] = {}
        self._counting: dict[int, asyncio.Task[Counted]] = {}
        self._turn = asyncio.Lock()

    async def of(self, account_id: int) -> Counted | None:
        """What the account takes, counted at most `FRESH_SECONDS` ago; None while it is still being counted. Raises
        OSError."""
        known = self._known.get(account_id)
        if known is not None and self._clock() - known.at < FRESH_SECONDS:
            return known
        counting = self._counting.get(account_id)
        if counting is None:
            counting = self._counting[account_id] = asyncio.get_running_loop().create_task(self._count(account_id))
        try:
            return await asyncio.wait_for(asyncio.shield(counting), PATIENCE)
        except TimeoutError:
            return None

    async def _count(self, account_id: int) -> Counted:
        try:
            async with self._turn:
                counted = Counted(await asyncio.to_thread(disk_use, self._root, account_id), self._clock())
        finally:
            del self._counting[account_id]
        old = self._clock() - FRESH_SECONDS
        self._known = {one: known for one, known in self._known.items() if known.at > old} | {account_id: counted}
        return counted
