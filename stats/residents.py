"""The accounts that a shard has in memory: who comes, who goes, and who is erased.

The table of keys says which it should have. One that goes takes no more commits, and is let go of by the flush that has
brought all that came of it into files.
"""

import asyncio
import logging

from stats.disk import Disk
from stats.flushing import Flushing
from stats.in_memory import InMemory, Restored
from stats.keyring import Keyring

log = logging.getLogger("dattss.shard")


class Residents:
    """`held` are the accounts in memory, `took` those of them that commits have come of since the start, or that the
    journal had some of."""

    def __init__(self, number: int, keys: Keyring, memory: InMemory, disk: Disk, flushing: Flushing) -> None:
        self.held: set[int] = set()
        self.took: set[int] = set()
        self._number = number
        self._keys = keys
        self._memory = memory
        self._disk = disk
        self._flushing = flushing
        self._settling = asyncio.Lock()
        self._to_settle = False  # an account that should be here could not be read
        self._leaving: dict[int, int] = {}  # accounts that take no more, and the last segment that may hold any of them

    def is_leaving(self, account_id: int) -> bool:
        """Whether the account takes nothing any more, since it moves."""
        return account_id in self._leaving

    # --- who comes ------------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """At the start: brings in what the files have of all accounts of this shard. Called in a thread. Raises
        OSError."""
        # An account that has moved away has an owner of its own by now, whatever this shard still knows of it.
        mine = self._keys.table.accounts_of(self._number)
        delivered = self._disk.read_delivered()
        self._memory.delivered.load([(account, known) for account, known in delivered if account in mine])
        for account_id in mine:
            self._bring_in(self._read(account_id))

    async def settle(self) -> None:
        """Does what the table of keys says: brings in accounts that have come here, takes no more of those that go."""
        table = self._keys.table
        mine = table.accounts_of(self._number)
        for account_id in list(self.held):
            if table.takes(account_id, self._number):
                self._leaving.pop(account_id, None)
                continue
            last = self._leaving.setdefault(account_id, self._flushing.segment if account_id in self.took else -1)
            if account_id not in mine and not self._flushing.may_take(last):
                # It was let go of before a restart in the middle of its move, and has an owner that writes its files.
                self._disk.foreign.add(account_id)
                self._forget(account_id)
        async with self._settling:
            for account_id in mine - self.held:
                if table.takes(account_id, self._number):
                    await self._bring_in_from_files(account_id)

    async def settle_rest(self) -> None:
        """Tries again to bring in those whose files could not be read."""
        if self._to_settle:
            self._to_settle = False
            await self.settle()

    async def _bring_in_from_files(self, account_id: int) -> None:
        """One whose files cannot be read stays closed, and is tried again; it keeps no other account from coming."""
        try:
            restored = await asyncio.to_thread(self._read, account_id)
        except (OSError, ValueError) as problem:
            log.error("Account %s cannot be brought in; trying again. %s", account_id, problem)  # noqa: TRY400
            self._to_settle = True
            return
        self._bring_in(restored)

    def _read(self, account_id: int) -> Restored:
        """What the files have of an account that comes. Called in a thread, since it may wait for a flush."""
        read = self._disk
        read.take_over(account_id)
        return Restored(
            account_id, read.read_states(account_id), read.read_events(account_id), read.read_handed_over(account_id)
        )

    def _bring_in(self, restored: Restored) -> None:
        self._memory.bring_in(restored)
        self._disk.foreign.discard(restored.account)
        self.held.add(restored.account)

    # --- and who goes ---------------------------------------------------------------------------------------------

    async def let_go(self) -> None:
        """Forgets the accounts that leave and are wholly in files; what was delivered of them is laid beside these.
        Called with the lock of the flush held."""
        if not self._leaving:
            return
        ended = [account for account, last in self._leaving.items() if not self._flushing.may_take(last)]
        written = await self._flushing.in_thread(self._hand_over, ended)
        # A minute that has ended meanwhile must not be written later: the states in it are not ours any more.
        await self._flushing.write()
        for account_id in written:
            if account_id in self._leaving:  # it may have come back
                self._forget(account_id)

    def _hand_over(self, accounts: list[int]) -> list[int]:
        """Those of the accounts of which all is in files, and beside them now what was delivered. Called in a thread:
        nobody adds to what was delivered of an account that leaves."""
        whole = [account_id for account_id in accounts if not self._disk.keeps(account_id)]
        for account_id in whole:
            self._disk.hand_over(account_id, self._memory.delivered.dump_account(account_id))
        return whole

    async def erase(self, account_id: int) -> bool:
        """Removes what there is of a closed account, in memory and in files.

        Returns False, and has removed nothing, where the open segment of the journal may hold some of it: then it is
        asked for again when that minute is over. Raises OSError, LookupError where the account is not closed.
        """
        place = self._keys.table.place(account_id)
        if place is None or not place.closed or place.moving:
            raise LookupError(f"account {account_id} is not closed")
        async with self._flushing.lock:
            if account_id in self.held:
                await self._flushing.write()
                if self._flushing.may_take(self._leaving.get(account_id, self._flushing.segment)):
                    return False
            self._forget(account_id)  # before anything ends a minute: no later flush has any of it
            await self._flushing.in_thread(self._disk.give_up, account_id)
        await asyncio.to_thread(self._disk.erase, account_id)
        return True

    def _forget(self, account_id: int) -> None:
        self._leaving.pop(account_id, None)
        self.held.discard(account_id)
        self.took.discard(account_id)
        self._memory.drop(account_id)
