"""Slows down who guesses keys: a client that has tried too many unknown ones is told to wait.

Only unknown keys are counted and refused, so that nobody locks out others behind the same address: whoever has a key
that works is never asked. The same key counts once, so that a fleet with an old key goes on to be told that it is old.
Each process counts for itself.
"""

import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil

MOST_UNKNOWN = 20  # different keys
SECONDS = 60.0
MOST_CLIENTS = 4096  # that are counted at a time, 1 KB each; beyond, those that began first are forgotten
_IPV6_HOST_BITS = 64  # a network of so many addresses is usually one client


class Guesses:
    """The unknown keys that clients have tried, for `SECONDS` from the first of each client. For all threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._clients: dict[str, tuple[float, list[int]]] = {}  # when it began, and the hashes of what was tried
        self._lock = threading.Lock()

    def note(self, address: str | None, raw: str) -> int:
        """Notes that a client has tried an unknown key; returns for how many seconds it has to wait, mostly 0."""
        if not raw:
            return 0
        client, tried, now = _client(address), hash(raw), self._clock()
        with self._lock:
            began, known = self._clients.get(client, (now, []))
            if now - began >= SECONDS:
                del self._clients[client]
                began, known = now, []
            if tried in known:
                return 0
            if len(known) >= MOST_UNKNOWN:
                return ceil(began + SECONDS - now)
            known.append(tried)
            self._clients[client] = began, known
            if len(self._clients) > MOST_CLIENTS:
                del self._clients[next(iter(self._clients))]
        return 0

    def __len__(self) -> int:
        return len(self._clients)

    def forget(self) -> None:
        """Begins anew."""
        with self._lock:
            self._clients.clear()


def _client(address: str | None) -> str:
    """Whom an address stands for; all who have none count as one."""
    if address is None:
        return ""
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    return str(IPv6Address(int(parsed) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))


guesses = Guesses()
