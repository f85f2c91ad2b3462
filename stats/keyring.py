"""The table of keys of this process, read again twice a second in a thread of its own."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import close_old_connections

from accounts.keys import KEY_PATTERN
from accounts.keytable import KeyEntry, KeyTable
from stats.rounds import every

log = logging.getLogger("dattss.keys")

ROUND_SECONDS = 0.5  # a key that is made or revoked anywhere, an account that moves, counts here within a second
_MOST_WAITING = 1000  # requests with an unknown key that may wait for the next look at the database
_PATIENCE = 4.0  # seconds that they wait for a database which does not answer; who forwards commits waits 5


class KeysAwayError(RuntimeError):
    """The database cannot be asked whether there is such a key."""


class Keyring:
    """A `table` that keeps itself up to date. With the database away it stays as it was.

    Awaits `changed`, if one is set, each time the table was loaded anew, before those that wait for it go on.
    """

    def __init__(self, table: KeyTable | None = None) -> None:
        self.table = table or KeyTable()
        self.changed: Callable[[], Awaitable[None]] | None = None
        # When the database answered last. Not by the clock on the wall: that may be set while the server runs.
        self._read_at = float("-inf")
        # One thread keeps one database connection.
        self._thread = ThreadPoolExecutor(1, "dattss-keys")
        self._rounds: asyncio.Task[None] | None = None
        self._read = asyncio.Event()
        self._begun = self._ended = 0
        self._failed = False
        self._untold = False  # the table is another one than `changed` has been told of
        self._waiting = 0

    async def start(self) -> None:
        """Loads the table, and goes on doing so. Raises the database's error where it is not there to begin with."""
        await self._look()
        self._rounds = asyncio.get_running_loop().create_task(every(ROUND_SECONDS, self._look_again))

    def stop(self) -> None:
        """Ends the rounds."""
        if self._rounds is not None:
            self._rounds.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def find(self, raw: str) -> KeyEntry | None:
        """The entry of a key that may be younger than the table: looks at the database with the next round.

        Requests with unknown keys share that look, so that guessing keys costs the database nothing. Raises
        KeysAwayError where it does not answer, or where too many wait.
        """
        if not KEY_PATTERN.fullmatch(raw):
            return None
        if self.problem or self._waiting >= _MOST_WAITING:
            raise KeysAwayError
        self._waiting += 1
        try:
            await self.fresh()
        finally:
            self._waiting -= 1
        return self.table.lookup(raw)

    async def fresh(self) -> None:
        """Returns when the table is as the database was after this call, and those whom it concerns know it. Raises
        KeysAwayError where the database does not answer."""
        # A look that has begun already may have missed what was written just now.
        wanted = self._begun + 1
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._ended < wanted:
                    await self._read.wait()
        except TimeoutError:
            raise KeysAwayError from None
        if self._failed:
            raise KeysAwayError

    async def until_ended(self, raw: str) -> None:
        """Returns within `ROUND_SECONDS` of the end of a key that the database had when this was called. While the
        database is away, revocations are not known."""
        found = True
        while found:
            with contextlib.suppress(KeysAwayError):
                await self.fresh()
                found = self.table.lookup(raw) is not None

    @property
    def problem(self) -> str:
        """What people should know: that the database does not answer. Empty where it does."""
        quiet = time.monotonic() - self._read_at
        return f"The database has not answered for {quiet:.0f} s." if self._failed or quiet > _PATIENCE else ""

    async def _look_again(self) -> None:
        try:
            await self._look()
        except Exception as problem:  # noqa: BLE001  (the database, or what hangs on its answer: the next round tries again)
            if not self._failed:
                log.error("The keys cannot be read (%s); those in memory go on to count.", problem)  # noqa: TRY400
            self._failed = True
        else:
            self._failed = False
        self._ended = self._begun
        self._read.set()
        self._read.clear()

    async def _look(self) -> None:
        self._begun += 1
        self._untold |= await asyncio.get_running_loop().run_in_executor(self._thread, self._reload)
        self._read_at = time.monotonic()
        if self._untold and self.changed is not None:
            await self.changed()
            self._untold = False

    def _reload(self) -> bool:
        close_old_connections()  # one that broke is replaced here, as Django does it between requests
        return self.table.reload_if_changed()
