"""When the journal is brought to the disk: each second, or before each answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from stats.rounds import every
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
        if not self._always:
            await every(INTERVAL, self._sync)
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._answer()

    def stop(self) -> None:
        """Ends the thread; what is still to be synced is."""
        self._thread.submit(self._journal.close)
        self._thread.shutdown()

    async def _answer(self) -> None:
        """Syncs, and lets those go on who have waited for it."""
        waiters, self._waiters = self._waiters, []
        failed: OSError | None = None
        try:
            await self._sync()
        except OSError as error:
            failed = error
        for waiter in waiters:
            if waiter.done():  # whoever waited is gone
                continue
            if failed is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(failed)

    async def _sync(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.sync)
