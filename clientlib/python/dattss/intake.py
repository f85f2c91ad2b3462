"""Where `agg()` leaves its values until they are folded: one list of raw texts per stat.

`agg()` itself (in `tracker.py`) only looks the list up and appends. All that costs more happens here, a few values at a
time in the caller when a list is full, else once per interval in the delivery thread.
"""

from __future__ import annotations

import threading

from dattss.accumulator import Partials
from dattss.fold import Interval
from dattss.outbox import LOST
from dattss.tally import Tally
from dattss.values import is_name, plain_text

BAD = "dattss.bad"  # counter of agg() calls with a name or a value that is none
FULL = 512  # raw values of a stat that wait; then the caller folds them, which takes 20 to 200 µs
OVERFLOWING = 250_000  # the thread that folds was not let run for a tenth of a second: values beyond are lost, counted
MAX_STATS = 10_000  # names at a time; the server takes no more either
_PATIENCE = 1.0  # seconds that `take` waits for a caller in the middle of folding
_SHOWN = 80  # characters of a bad value in the log


class Intake:
    """Raw values by stat name, folded into partial aggregates.

    Appending is not locked, and nothing is lost for it: a list object stays the same for as long as a thread may have
    it, `append` only adds at its end, and folding, of which the lock admits one at a time, copies the first n values
    and then deletes the first n. Each of those is one step under the interpreter's lock (and under the list's own lock
    where there is none). To swap the list for a fresh one would lose what a thread appends to the old one afterwards.

    The lock is only ever tried by callers of `agg`, never waited for: they may sit in a signal handler or a finalizer
    that interrupted the very thread that holds it.
    """

    def __init__(self) -> None:
        self.lists: dict[str, list[object]] = {}
        self.forget()

    def forget(self) -> None:
        """Starts anew in a forked child: what the parent counted is the parent's, and its lock may be held for ever."""
        self.lists.clear()
        self._lock = threading.Lock()
        self._interval = Interval()
        self._bad = Tally()
        self._lost = Tally()
        self._example: object = None
        self._leaving: list[dict[str, list[object]]] = [{}, {}]

    def admit(self, name: object, value: object) -> None:
        """The slow way of `agg`: a new name, a bad name, or a list that is full."""
        plain = plain_text(name)
        if plain is None or not is_name(plain):
            self.reject(name)
            return
        values = self.lists.get(plain)
        if values is None:
            if len(self.lists) >= MAX_STATS:
                self._lost.note()
                return
            values = self.lists.setdefault(plain, [])  # one step: two threads with a new name get the same list
        if len(values) >= FULL:
            self._relieve(plain, values)
        if len(values) >= OVERFLOWING:
            self._lost.note()
            return
        values.append(value)

    def reject(self, example: object) -> None:
        """Counts one bad call."""
        self._example = example
        self._bad.note()

    def take(self, lost: int = 0) -> Partials | None:
        """The partial aggregates since the last `take`; the counters `dattss.bad` and `dattss.lost` are among them when
        they are not zero. `lost` counts values that were lost later on the way.

        None when a caller holds the lock for long, as one does whose signal handler calls this: nothing is taken, the
        next call has it.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            return None
        try:
            for lists in (*self._leaving, self.lists.copy()):
                for name, values in lists.items():
                    self._fold_all(name, values)
            self._let_idle_stats_go()
            self._report(BAD, self._bad.take())
            self._report(LOST, lost + self._lost.take())
            return self._interval.take()
        finally:
            self._lock.release()

    def bad_example(self) -> str:
        """The last bad name or value, fit for a log."""
        example, self._example = self._example, None
        if type(example) is str:
            return repr(example[:_SHOWN])
        return f"a {type(example).__name__}"  # its repr is foreign code: slow, huge, or raising

    def _report(self, name: str, count: int) -> None:
        if count:
            self._interval.add(name, "c", count)

    def _relieve(self, name: str, values: list[object]) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self._fold(name, values, FULL)
            finally:
                self._lock.release()

    def _fold_all(self, name: str, values: list[object]) -> None:
        waiting = len(values)
        while waiting > 0:
            self._fold(name, values, FULL)
            waiting -= FULL

    def _fold(self, name: str, values: list[object], most: int) -> None:
        batch = values[:most]
        del values[: len(batch)]
        for bad in self._interval.add_texts(name, batch):
            self.reject(bad)

    def _let_idle_stats_go(self) -> None:
        """Makes room when the names are used up, by those without a value in this interval.

        A thread may still hold the list of a name that goes: it is looked at for two more intervals.
        """
        self._leaving = [self._leaving[1], {}]
        if len(self.lists) < MAX_STATS:
            return
        busy = self._interval.names()
        for name in self.lists.copy():
            if name not in busy:
                self._leaving[1][name] = self.lists.pop(name)
