"""Syncs of the journal go on after one that failed, and after somebody who waited is gone."""

import asyncio
import errno
from pathlib import Path

import pytest

from stats.durability import Durability
from stats.storage.journal import Journal


class FailingJournal(Journal):
    """A journal on a disk that refuses some syncs."""

    def __init__(self, path: Path, refused: int) -> None:
        super().__init__(path)
        self.refused = refused
        self.synced = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def sync(self) -> None:
        if self.refused:
            self.refused -= 1
            raise OSError(errno.EIO, "the disk refuses")
        self._loop.call_soon_threadsafe(self.synced.set)


async def test_a_refused_sync_does_not_end_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stats.durability.INTERVAL", 0.01)
    journal = FailingJournal(tmp_path, 2)
    durability = Durability(journal, always=False)
    running = asyncio.create_task(durability.run())
    await asyncio.wait_for(journal.synced.wait(), 5)
    running.cancel()
    durability.stop()


async def test_who_waited_and_went_keeps_nobody_waiting(tmp_path: Path) -> None:
    journal = FailingJournal(tmp_path, 1)
    durability = Durability(journal, always=True)
    gone, waits = durability.wait(), asyncio.create_task(durability.wait())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(gone, 0.01)
    running = asyncio.create_task(durability.run())
    with pytest.raises(OSError, match="refuses"):
        await asyncio.wait_for(waits, 5)
    await asyncio.wait_for(durability.wait(), 5)
    running.cancel()
    durability.stop()
