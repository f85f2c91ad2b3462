"""DaTtSs watching itself: the server's own figures, sent to account 0 by the Python client like anybody else's."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

TIMED = 16  # of so many commits one's time is told
CANARY = "canary"  # the counter by which the server shows that alerts come through (`alerts.canary`)
CANARY_MINUTES = 5


def resident_bytes() -> int:
    """The memory that this process holds; 0 where there is no /proc to tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Client(Protocol):
    """The part of `dattss.Process` that is used here."""

    def agg(self, name: str, value: str) -> None: ...


class SelfWatch:
    """Counts what the server does; figures go to `client` once there is one."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.websockets = 0
        # Plain counts between two samples: a call to the client for each commit would be a tenth of what one costs.
        self._answers: Counter[int] = Counter()
        self._counts: Counter[str] = Counter()
        self._until_timed = TIMED

    def commit(self, status: int, seconds: float) -> None:
        """A commit was answered with `status` after `seconds`."""
        self._answers[status] += 1
        self._until_timed -= 1
        if not self._until_timed:
            self._until_timed = TIMED
            self._agg("ingest", f"{seconds * 1000:.3f}ms")

    def forwarded(self) -> None:
        """A commit that came here was sent on to the owner of its account."""
        self._agg("commits.forwarded", "1c")

    def partials(self, count: int) -> None:
        """`count` partials were taken."""
        self._counts["partials"] += count

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
        """What a start found amiss in the journal."""
        self._counts.update({f"journal.{fault}": count for fault, count in faults.items()})

    def sample(self, gauges: Mapping[str, float]) -> None:
        """Gauges, every few seconds, and what was counted since; counts wait for a client, which a start has not."""
        if self.client is None:
            return
        answers, self._answers = self._answers, Counter()
        counts, self._counts = self._counts, Counter()
        for status, count in answers.items():
            counts["commits" if status == 200 else f"commits.refused.{status}"] = count
        for name, count in counts.items():
            self.client.agg(name, f"{count}c")
        for name, value in gauges.items():
            self.client.agg(name, f"{value:.2f}g")
        self.client.agg("websockets", f"{self.websockets}g")
        self.client.agg("load", f"{os.getloadavg()[0]:.2f}g")

    def canary(self, now: float) -> None:
        """Counts in one minute of five."""
        self._agg(CANARY, f"{int(now // 60 % CANARY_MINUTES == 0)}c")

    def _agg(self, name: str, value: str) -> None:
        if self.client is not None:
            self.client.agg(name, value)
