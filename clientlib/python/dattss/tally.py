"""A count that threads share without a lock."""

from __future__ import annotations

import itertools


class Tally:
    """A count that any thread may raise and one thread takes.

    `next` of an `itertools.count` is one step in C that no other thread can interrupt; `n += 1` is several.
    """

    def __init__(self) -> None:
        self._count = itertools.count()
        self._taken = 0

    def note(self) -> None:
        """Counts one."""
        next(self._count)

    def take(self) -> int:
        """How many were noted since the last `take`."""
        reading = next(self._count)
        noted = reading - self._taken
        self._taken = reading + 1  # this reading was a step as well
        return noted
