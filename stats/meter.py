"""How much an account sends: what a shard counts of its commits in the last minute."""

from collections import deque
from dataclasses import dataclass

UDP_INSTANCE = "udp-"  # begins the `iid` of what the UDP socket commits
SLOTS = 12  # rolled each 5 s: the last minute
SHORTEST = 5.0  # seconds; over less a rate says nothing

_COMMITS, _PARTIALS, _UDP, _REFUSED = range(4)
_Counts = dict[int, list[int]]  # by account


@dataclass(frozen=True, slots=True)
class Pace:
    """What an account sent in the last minute: commits and partials a second, how many intervals came by UDP, and how
    many commits were refused because they were too many."""

    commits: float
    partials: float
    udp_intervals: int
    refused: int


class Meter:
    """Counts commits in slots; `roll` begins a new one, each few seconds. A commit costs 0.2 µs."""

    def __init__(self, now: float) -> None:
        self._open: _Counts = {}
        self._slots: deque[tuple[float, _Counts]] = deque([(now, self._open)], SLOTS + 1)

    def commit(self, account_id: int, partials: int, instance: str) -> None:
        """An account's commit with so many partials was taken; `instance` is its `iid`."""
        counts = self._open.get(account_id)
        if counts is None:
            counts = self._open[account_id] = [0, 0, 0, 0]
        counts[_COMMITS] += 1
        counts[_PARTIALS] += partials
        if instance.startswith(UDP_INSTANCE):
            counts[_UDP] += 1

    def refused(self, account_id: int) -> None:
        """A commit of the account was over its rate."""
        self._open.setdefault(account_id, [0, 0, 0, 0])[_REFUSED] += 1

    def roll(self, now: float) -> None:
        """Begins a new slot, and forgets the one of a minute ago."""
        self._open = {}
        self._slots.append((now, self._open))

    def pace(self, account_id: int, now: float) -> Pace:
        """What the account has sent in the last minute, or since the start."""
        found = [counts[account_id] for _, counts in self._slots if account_id in counts]
        sums = [sum(column) for column in zip(*found, strict=True)] or [0, 0, 0, 0]
        seconds = max(now - self._slots[0][0], SHORTEST)
        return Pace(sums[_COMMITS] / seconds, sums[_PARTIALS] / seconds, sums[_UDP], sums[_REFUSED])
