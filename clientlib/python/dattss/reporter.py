"""Closes an interval when it is over and has the courier deliver: what the delivery thread does, without the thread."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import Any

from dattss.accumulator import Partials
from dattss.courier import Clock, Courier
from dattss.events import Events
from dattss.intake import BAD, Intake
from dattss.outbox import Commit, Outbox
from dattss.transport import VERSION, Transport
from dattss.usage import ProcessorTime, resident_bytes

log = logging.getLogger("dattss")

_BETWEEN_EXTRAS = 1.0  # seconds between two commits that do not wait for the end of their interval
_MOST_AT_THE_END = 32  # commits with the last errors and warnings; one has room for eight with the longest texts
INTRODUCTION = 300.0  # seconds after which a process says again on which machine it runs, and by which client it speaks


class SystemClock:
    """The machine's clocks."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)


class Ticker:
    """A grid of moments, `interval` seconds apart, that late ticks do not shift. All times are monotonic."""

    def __init__(self, now: float, interval: float) -> None:
        self.start(now, interval)

    def start(self, now: float, interval: float) -> None:
        """The first tick is one interval from now."""
        self.interval = interval
        self._start = now
        self._ticks = 1
        self.due = now + interval

    def tick(self, now: float) -> None:
        """The due tick has been seen to: the next one is the first of the grid after `now`."""
        passed = int((now - self._start) / self.interval)
        self._ticks = max(self._ticks, passed) + 1  # rounding may have made `passed` one too small
        self.due = self._start + self._ticks * self.interval


class Reporter:
    """One process instance as the server sees it. Not for several threads at once."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a process is made of
        self, name: str, intake: Intake, events: Events, transport: Transport, interval: float, clock: Clock
    ) -> None:
        now = clock.monotonic()
        self._name = name
        self._intake = intake
        self._events = events
        self._transport = transport
        self._clock = clock
        self._started = now
        self._processor = ProcessorTime(now)
        self._outbox = Outbox()
        self._courier = Courier(self._outbox, transport, os.urandom(16).hex(), clock)
        self._ticker = Ticker(now, interval)
        self._bad_is_known = False
        self._extra_at = now
        self._cpu: float | None = None

    def step(self) -> float:
        """Does what is due. Returns the seconds until something is due again."""
        now = self._clock.monotonic()
        if now >= self._ticker.due:
            self._ticker.tick(now)
            self._close_interval(now, even_if_empty=True)
        if self._events.urgent and now >= max(self._extra_at, self._courier.retry_at):
            self._tell_at_once(now)
            self._extra_at = now + _BETWEEN_EXTRAS
        if now >= self._courier.retry_at:
            self._courier.deliver(self._ticker.due)
            self._heed_interval()
        self._outbox.discard_empty()
        return self._until_next()

    def finish(self, seconds: float) -> bool:
        """Delivers everything, now, within about `seconds`. Whether it succeeded."""
        now = self._clock.monotonic()
        closed = self._close_interval(now, even_if_empty=False)
        for _ in range(_MOST_AT_THE_END):
            if not self._events.urgent:
                break
            self._tell_at_once(now)
        self._courier.deliver(now + seconds, now + seconds)
        self._transport.close()
        return closed and not self._outbox.has_news() and not self._events.urgent

    def _close_interval(self, now: float, even_if_empty: bool) -> bool:
        """False when the intake is busy; the next attempt has its values."""
        self._cpu = self._processor.percent(now)
        facts = self._facts(now)
        prt = self._intake.take(self._outbox.lost)
        if prt is None:
            return False
        self._outbox.lost = 0
        self._warn_of_bad_values(prt)
        commit = self._commit(facts, prt, now)
        if even_if_empty or not commit.is_empty():
            self._outbox.put(commit)
        return True

    def _tell_at_once(self, now: float) -> None:
        """A commit of errors and warnings alone, in the middle of an interval."""
        if self._cpu is None:
            self._cpu = self._processor.percent(now)  # later ones say again what that of the interval said
        self._outbox.put(self._commit(self._facts(now), {"c": [], "ms": [], "g": []}, now))

    def _commit(self, facts: dict[str, Any], prt: Partials, now: float) -> Commit:
        err, wrn, told = self._events.take()
        return Commit({**facts, "err": err, "wrn": wrn}, prt, now, int(self._clock.wall() // 60), told)

    def _facts(self, now: float) -> dict[str, Any]:
        facts: dict[str, Any] = {"nam": self._name, "upt": round(now - self._started, 3), "cpu": self._cpu}
        if (now - self._started) % INTRODUCTION < 1.5 * self._ticker.interval:
            facts |= {"hst": socket.gethostname(), "ver": f"python {VERSION}"}
        memory = resident_bytes()
        return facts if memory is None else {**facts, "mem": memory}

    def _heed_interval(self) -> None:
        wish = self._courier.interval
        if wish is not None and wish != self._ticker.interval:
            self._ticker.start(self._clock.monotonic(), wish)

    def _until_next(self) -> float:
        due = self._ticker.due
        if self._outbox:
            due = min(due, self._courier.retry_at)
        if self._events.urgent:
            due = min(due, max(self._extra_at, self._courier.retry_at))
        return max(due - self._clock.monotonic(), 0.0)

    def _warn_of_bad_values(self, prt: Partials) -> None:
        if self._bad_is_known:
            return
        for partial in prt["c"]:
            if partial["nam"] == BAD:
                self._bad_is_known = True
                log.warning(
                    "agg() of process %s was called with a name or value that is none: %s; "
                    "such calls are counted in the stat %s and not logged again",
                    self._name,
                    self._intake.bad_example(),
                    BAD,
                )
