"""DaTtSs watching itself: the server's own figures, sent to account 0 by the Python client like anybody else's."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Protocol


class Client(Protocol):
    """The part of `dattss.Process` that is used here."""

    def agg(self, name: str, value: str) -> None: ...


class SelfWatch:
    """Counts what the server does; figures go to `client` once there is one."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.websockets = 0
        self._faults: Counter[str] = Counter()

    def commit(self, status: int, seconds: float) -> None:
        """A commit was answered with `status` after `seconds`."""
        if self.client is None:
            return
        self.client.agg("commits" if status == 200 else f"commits.refused.{status}", "1c")
        self.client.agg("ingest", f"{seconds * 1000:.3f}ms")

    def forwarded(self) -> None:
        """A commit that came here was sent on to the owner of its account."""
        self._agg("commits.forwarded", "1c")

    def partials(self, count: int) -> None:
        """`count` partials were taken."""
        self._agg("partials", f"{count}c")

    def flush(self, lines: int, seconds: float) -> None:
        """A flush wrote `lines` lines in `seconds`."""
        self._agg("flush.lines", f"{lines}c")
        self._agg("flush.time", f"{seconds * 1000:.1f}ms")

    def flush_lag(self, seconds: float) -> None:
        """Celery asked for the flush `seconds` after the minute's end."""
        self._agg("celery.lag", f"{seconds * 1000:.0f}ms")

    def udp(self, lines: int, bad: int, dropped: int) -> None:
        """UDP lines taken, lines refused, and datagrams that the kernel dropped, since the last call."""
        self._agg("udp.lines", f"{lines}c")
        self._agg("udp.bad", f"{bad}c")
        self._agg("udp.drops", f"{dropped}c")

    def journal(self, faults: Mapping[str, int]) -> None:
        """What a start found amiss in the journal; it is kept until there is a client, which a start has not."""
        self._faults.update(faults)

    def sample(self, live_stats: int) -> None:
        """Gauges, every few seconds, and what waits for a client."""
        if self.client is not None:
            faults, self._faults = self._faults, Counter()
            for fault, count in faults.items():
                self.client.agg(f"journal.{fault}", f"{count}c")
        self._agg("stats.live", f"{live_stats}g")
        self._agg("websockets", f"{self.websockets}g")
        self._agg("load", f"{os.getloadavg()[0]:.2f}g")

    def _agg(self, name: str, value: str) -> None:
        if self.client is not None:
            self.client.agg(name, value)
