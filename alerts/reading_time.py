"""How much processor time it may take rules to read weeks of files: thousands that begin at once must not keep commits,
flushes and other accounts' rules waiting."""

import time
from collections.abc import Callable
from threading import Lock

SECONDS = 1.0  # of processor time, in each minute, of all accounts together
MOST_OF_ONE = 0.75  # of what is left of them, for one account: others want to begin too

_MINUTE = 60


class ReadingTime:
    """What is left of this minute's. `clock` tells seconds, `spent` those of processor time of this thread."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.thread_time
    ) -> None:
        self.spent = spent
        self._clock = clock
        self._minute = -1
        self._left = 0.0
        self._lock = Lock()

    def share(self) -> float:
        """How many seconds one account may take now."""
        with self._lock:
            minute = int(self._clock() // _MINUTE)
            if minute != self._minute:
                self._minute, self._left = minute, SECONDS
            return max(self._left, 0.0) * MOST_OF_ONE

    def take(self, seconds: float) -> None:
        """So many were taken."""
        with self._lock:
            self._left -= seconds
