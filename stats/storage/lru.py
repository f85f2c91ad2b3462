"""A bounded memory of what was used last."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Keeps the entries that were used last, as many as weigh no more than `limit` bytes together, by what `weigh`
    says of each. Safe for several threads; two may do the same work at once."""

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        self._limit = limit
        self._weigh = weigh
        self._entries: OrderedDict[K, tuple[int, V]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """What was kept for `key`, or None."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][1]

    def put(self, key: K, value: V) -> None:
        """Keeps `value` for `key`, and forgets what was not used for longest where it is too much together."""
        weight = self._weigh(value)
        with self._lock:
            self._drop(key)
            self._entries[key] = weight, value
            self._weight += weight
            while self._weight > self._limit:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: K) -> None:
        if key in self._entries:
            self._weight -= self._entries.pop(key)[0]
