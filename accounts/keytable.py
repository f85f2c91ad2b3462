"""All live keys in memory, for the way in of values: looking a key up never asks the database."""

import threading
from typing import NamedTuple

from django.db.models import Count, Max

from accounts.keys import KEY_PATTERN, hash_key
from accounts.models import ApiKey


class KeyEntry(NamedTuple):
    """What the ingest path needs to know about a key."""

    key_id: int
    account_id: int
    scope: str


class KeyTable:
    """Unrevoked keys by the hash of their raw text, and when each was used last.

    `lookup` and `touch` may be called from any thread and from the event loop. `load` and `reload_if_changed` ask the
    database, so in the event loop they belong into a thread.
    """

    def __init__(self) -> None:
        # By hash, and by raw text those that were looked up: together, so that both are replaced in one step.
        self._entries: tuple[dict[str, KeyEntry], dict[str, KeyEntry]] = ({}, {})
        self._state: tuple[int, ...] | None = None
        self._used: dict[int, float] = {}
        self._lock = threading.Lock()

    def load(self) -> None:
        """Reads all unrevoked keys with one query, then puts them in place in one step."""
        rows = ApiKey.objects.filter(revoked=None).values_list("hash", "pk", "account_id", "scope")
        hashed = {key_hash: KeyEntry(pk, account, scope) for key_hash, pk, account, scope in rows.iterator()}
        self._entries = (hashed, {})

    def reload_if_changed(self) -> bool:
        """Loads again where keys were made or revoked since the last call; one small query where not.

        Called each second it makes a revocation count on every process, also where no message can reach that process
        (a key made by `manage.py account_create` beside a server with the in-memory channel layer).
        """
        # Counts rather than times: the clocks of several machines need not agree.
        counts = ApiKey.objects.aggregate(keys=Count("pk"), newest=Max("pk"), revoked=Count("revoked"))
        state = (counts["keys"], counts["newest"] or 0, counts["revoked"])
        if state == self._state:
            return False
        self.load()
        self._state = state
        return True

    def lookup(self, raw: str) -> KeyEntry | None:
        """The entry of a raw key; None where it is malformed, unknown or revoked."""
        hashed, known = self._entries
        entry = known.get(raw)
        if entry is None and KEY_PATTERN.fullmatch(raw):
            entry = hashed.get(hash_key(raw))
            if entry is not None:
                known[raw] = entry
        return entry

    def touch(self, key_id: int, now: float) -> None:
        """Notes that the key was used at `now`, Unix seconds."""
        with self._lock:
            if now > self._used.get(key_id, 0.0):
                self._used[key_id] = now

    def take_last_used(self) -> dict[int, float]:
        """Key id to Unix seconds of its last use since the previous call; for `accounts.keys.store_last_used`."""
        with self._lock:
            used, self._used = self._used, {}
        return used
