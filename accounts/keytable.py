"""All live keys in memory, for the way in of values: looking a key up never asks the database."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Count, Max, Sum

from accounts.keys import KEY_PATTERN, LastUse, hash_key, live_keys
from accounts.models import Account, ApiKey
from accounts.routing import in_use


class KeyEntry(NamedTuple):
    """What the ingest path needs to know about a key. `shard` owns the account; None while it moves to another one."""

    key_id: int
    account_id: int
    scope: str
    shard: int | None


class Place(NamedTuple):
    """Where an account is: the shard that has its values, whether it is about to leave it, and whether its owner has
    closed it."""

    shard: int
    moving: bool
    closed: bool = False


class KeyTable:
    """Live keys of open accounts by the hash of their raw text, the places of all accounts, and when each key was used
    last.

    A key with an end stops to work by itself when that has come, whether or not the database answers.

    `lookup`, `place` and `touch` may be called from any thread and from the event loop. `load` and `reload_if_changed`
    ask the database, so in the event loop they belong into a thread.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._places: dict[int, Place] = {}
        # By hash, and by raw text those that were looked up and have no end; the ends of those that have one, by hash:
        # together, so that all are replaced in one step.
        self._entries: tuple[dict[str, KeyEntry], dict[str, KeyEntry], dict[str, float]] = ({}, {}, {})
        self._state: tuple[int, ...] | None = None
        self._used: dict[int, tuple[float, str | None]] = {}
        self._lock = threading.Lock()

    def load(self) -> None:
        """Reads all accounts and live keys with a query each, then puts them in place."""
        accounts = Account.objects.values_list("pk", "shard", "moving_to", "closed")
        places = {
            pk: Place(in_use(shard), moving is not None, closed is not None)
            for pk, shard, moving, closed in accounts.iterator()
        }
        rows = live_keys(datetime.fromtimestamp(self._clock(), UTC))
        entries: dict[str, KeyEntry] = {}
        ends: dict[str, float] = {}
        for key_hash, pk, account, scope, end in rows.values_list(
            "hash", "pk", "account_id", "scope", "expires"
        ).iterator():
            place = places.get(account)
            shard = None if place is None or place.moving else place.shard
            entries[key_hash] = KeyEntry(pk, account, scope, shard)
            if end is not None:
                ends[key_hash] = end.timestamp()
        self._places, self._entries = places, (entries, {}, ends)

    def reload_if_changed(self) -> bool:
        """Loads again where keys were made, replaced or revoked, or accounts made, moved, closed or reopened, since the
        last call; two small queries where not.

        Called each second it makes a revocation count on every process, also where no message can reach that process
        (a key made by `manage.py account_create` beside a server with the in-memory channel layer).
        """
        # Counts rather than times: the clocks of several machines need not agree.
        keys = ApiKey.objects.aggregate(
            number=Count("pk"), newest=Max("pk"), revoked=Count("revoked"), with_end=Count("expires")
        )
        accounts = Account.objects.aggregate(number=Count("pk"), newest=Max("pk"), moves=Sum("moves"))
        state = tuple(count or 0 for count in (*keys.values(), *accounts.values()))
        if state == self._state:
            return False
        self.load()
        self._state = state
        return True

    def lookup(self, raw: str) -> KeyEntry | None:
        """The entry of a raw key; None where it is malformed, unknown, revoked or past its end."""
        hashed, known, ends = self._entries
        entry = known.get(raw)
        if entry is not None or not KEY_PATTERN.fullmatch(raw):
            return entry
        key_hash = hash_key(raw)
        entry, end = hashed.get(key_hash), ends.get(key_hash)
        if end is not None:
            return entry if self._clock() < end else None
        if entry is not None:
            known[raw] = entry
        return entry

    def place(self, account_id: int) -> Place | None:
        """Where an account is; None where it is unknown."""
        return self._places.get(account_id)

    def accounts_of(self, shard: int) -> set[int]:
        """The accounts whose values a shard has, those too that are closed or about to leave it."""
        return {account for account, place in self._places.items() if place.shard == shard}

    def takes(self, account_id: int, shard: int) -> bool:
        """Whether commits of this account are for `shard`, now."""
        return self._places.get(account_id) == Place(shard, moving=False, closed=False)

    def touch(self, key_id: int, now: float, address: str | None = None) -> None:
        """Notes that the key was used at `now`, Unix seconds, from the IP address."""
        with self._lock:
            used = self._used.get(key_id)
            if used is None or now > used[0]:
                self._used[key_id] = (now, address)

    def take_last_uses(self) -> dict[int, LastUse]:
        """The last use of keys by their ids, since the previous call; for `accounts.keys.store_last_uses`."""
        with self._lock:
            used, self._used = self._used, {}
        return {key_id: LastUse(*use) for key_id, use in used.items()}
