"""Which commits were taken already: a commit that is sent again counts once.

A process instance numbers its commits. What is remembered of an instance is the highest number and the gaps below it,
as ranges, so that memory does not grow with the numbers: commits that were kept back while newer ones went out still
find their gap.
"""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import msgspec

KEPT_SECONDS = 86_400.0 + 3600.0  # as long as a client may come back with a commit, and an hour
MOST_INSTANCES = 200_000  # of one account; the longest silent ones are forgotten first
MOST_OF_ALL = 1_000_000  # of all accounts together; the account that has most forgets first
_INSTANCE_BYTES = 330  # about, with a name of 32 characters and no gaps
_MOST_GAPS = 256  # of one instance; the oldest are closed first
_PIECE = 2000  # instances that are encoded at a time: other threads get their turn between the pieces only

Dump = list[tuple[int, "dict[str, Instance]"]]


class Instance(NamedTuple):
    """The numbers of one instance that have come. `gaps` are ranges (first, last) of numbers below `highest` that have
    not, in ascending order; `seen` is the Unix time of the newest commit. Never changed, so that a dump may share it.
    """

    highest: int
    seen: float
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def come(self) -> int:
        """How many numbers have come."""
        return self.highest + 1 - sum(last - first + 1 for first, last in self.gaps)

    def has(self, number: int) -> bool:
        """Whether the commit with this number has come."""
        return number <= self.highest and not any(first <= number <= last for first, last in self.gaps)

    def plus(self, number: int, now: float) -> "Instance":
        """The same, and this number too."""
        seen = max(self.seen, now)
        if number == self.highest + 1:
            return Instance(number, seen, self.gaps)
        if number > self.highest:
            return Instance(number, seen, (*self.gaps, (self.highest + 1, number - 1))[-_MOST_GAPS:])
        gaps = (part for gap in self.gaps for part in _without(gap, number))
        return Instance(self.highest, seen, tuple(gaps))


class Delivered:
    """The instances of all accounts."""

    def __init__(self) -> None:
        # Of each account in the order in which they spoke last.
        self._accounts: dict[int, dict[str, Instance]] = {}
        self._count = 0

    @property
    def nbytes(self) -> int:
        """About what it takes of memory."""
        return self._count * _INSTANCE_BYTES

    def has(self, account_id: int, instance: str, number: int) -> bool:
        """Whether this commit was taken before."""
        instances = self._accounts.get(account_id)
        found = instances.get(instance) if instances else None
        return found is not None and found.has(number)

    def add(self, account_id: int, instance: str, number: int, now: float) -> None:
        """Notes that a commit was taken at the Unix time `now`."""
        instances = self._accounts.get(account_id)
        if instances is None:
            instances = self._accounts[account_id] = {}
        found = instances.pop(instance, None)
        if found is not None:
            instances[instance] = found.plus(number, now)
            return
        # Numbers begin at 0; those before the first that comes may still be on their way.
        instances[instance] = Instance(-1, now).plus(number, now)
        self._count += 1
        if len(instances) > MOST_INSTANCES or self._count > MOST_OF_ALL:
            self._make_room()

    def forget(self, now: float) -> None:
        """Drops instances that no retry can come from any more."""
        for instances in self._accounts.values():
            silent = 0
            for one in instances.values():
                if one.seen >= now - KEPT_SECONDS:
                    break
                silent += 1
            self._drop(instances, silent)

    def dump(self) -> Dump:
        """Everything, for `encoded`; what comes after does not change it."""
        return [(account, instances.copy()) for account, instances in self._accounts.items()]

    def dump_account(self, account_id: int) -> Dump:
        """The same of one account."""
        return [(account_id, self._accounts.get(account_id, {}).copy())]

    def load(self, dump: Dump) -> None:
        """Brings back what `dump` or `dump_account` gave.

        What is known of an instance already stays where it is newer: the numbers of an instance only become more.
        """
        for account, piece in dump:
            instances = self._accounts.setdefault(account, {})
            for name, read in piece.items():
                if name not in instances or instances[name].come < read.come:
                    instances[name] = read
        self._count = sum(map(len, self._accounts.values()))

    def drop(self, account_id: int) -> None:
        """Forgets an account."""
        self._count -= len(self._accounts.pop(account_id, {}))

    def _make_room(self) -> None:
        largest = max(self._accounts.values(), key=len)
        # Several at once: to find the first one costs more than to drop it.
        self._drop(largest, max(len(largest) // 100, 1))

    def _drop(self, instances: dict[str, Instance], count: int) -> None:
        for name in list(islice(instances, count)):
            del instances[name]
        self._count -= count


def encoded(dump: Dump) -> bytes:
    """A dump as bytes for a file."""
    return _encode([msgspec.Raw(_encode((account, piece))) for account, known in dump for piece in _pieces(known)])


def decoded(data: bytes) -> Dump:
    """The dump that was encoded, in pieces. Raises DecodeError for other bytes."""
    return _decode(data)


def _pieces(known: dict[str, Instance]) -> Iterable[dict[str, Instance]]:
    items = iter(known.items())
    while piece := dict(islice(items, _PIECE)):
        yield piece


def _without(gap: tuple[int, int], number: int) -> list[tuple[int, int]]:
    """The range without one number: none, one or two ranges."""
    first, last = gap
    if not first <= number <= last:
        return [gap]
    return [part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, dict[str, Instance]]]).decode
