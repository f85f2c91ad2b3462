"""When the journal is brought to the disk: each second, or before each answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from stats.storage.journal import Journal

INTERVAL = 1.0  # seconds


class Durability:
    """Syncs the journal in a thread of its own. With `always`, `wait` returns only after a sync that began after it:
    many answers share one. A process that is killed loses nothing either way; this is about power cuts."""

    def __init__(self, journal: Journal, *, always: bool) -> None:
        self._journal = journal
        self._always = always
        self._thread = ThreadPoolExecutor(1, "dattss-sync")
        self._waiters: list[asyncio.Future[None]] = []
        self._wanted = asyncio.Event()

    async def wait(self) -> None:
        """Returns when what is in the journal now is on the disk, with `always`. Raises OSError where it refuses."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wanted.set()
        await waiter

    async def run(self) -> None:
        """Syncs for ever."""
        while True:
            if self._always:
                await self._wanted.wait()
                self._wanted.clear()
            else:
                await asyncio.sleep(INTERVAL)
            await self._sync()

    def stop(self) -> None:
        """Ends the thread; what is still to be synced is."""
        self._thread.submit(self._journal.close)
        self._thread.shutdown()

    async def _sync(self) -> None:
        waiters, self._waiters = self._waiters, []
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.sync)
        except OSError as error:
            for waiter in waiters:
                waiter.set_exception(error)
            if not waiters:
                raise
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
