"""Which commits were taken already: a commit that is sent again counts once.

A process instance numbers its commits. What is remembered of an instance is the highest number and the gaps below it,
as ranges, so that memory does not grow with the numbers: commits that were kept back while newer ones went out still
find their gap.
"""

from collections import OrderedDict
from typing import Any

KEPT_SECONDS = 86_400.0 + 3600.0  # as long as a client may come back with a commit, and an hour
MOST_INSTANCES = 200_000  # of one account; the longest silent ones are forgotten first
_MOST_GAPS = 256  # of one instance; the oldest are closed first


class Instance:
    """The numbers of one instance that have come. `gaps` are ranges (first, last) of numbers below `highest` that have
    not, in ascending order; `seen` is the Unix time of the newest commit."""

    __slots__ = ("gaps", "highest", "seen")

    def __init__(self, highest: int, gaps: list[list[int]], seen: float) -> None:
        self.highest = highest
        self.gaps = gaps
        self.seen = seen

    @property
    def count(self) -> int:
        """How many numbers have come."""
        return self.highest + 1 - sum(last - first + 1 for first, last in self.gaps)

    def has(self, number: int) -> bool:
        """Whether the commit with this number has come."""
        return number <= self.highest and not any(first <= number <= last for first, last in self.gaps)

    def add(self, number: int, now: float) -> None:
        """Notes that it has come."""
        self.seen = max(self.seen, now)
        if number > self.highest:
            if number > self.highest + 1:
                self.gaps = [*self.gaps, [self.highest + 1, number - 1]][-_MOST_GAPS:]
            self.highest = number
            return
        # A new list: `dump` hands out the old one.
        self.gaps = [part for gap in self.gaps for part in _without(gap, number)]


class Delivered:
    """The instances of all accounts."""

    def __init__(self) -> None:
        self._accounts: dict[int, OrderedDict[str, Instance]] = {}

    def has(self, account_id: int, instance: str, number: int) -> bool:
        """Whether this commit was taken before."""
        instances = self._accounts.get(account_id)
        found = instances.get(instance) if instances else None
        return found is not None and found.has(number)

    def add(self, account_id: int, instance: str, number: int, now: float) -> None:
        """Notes that a commit was taken at the Unix time `now`."""
        instances = self._accounts.setdefault(account_id, OrderedDict())
        found = instances.get(instance)
        if found is None:
            # Numbers begin at 0; those before the first that comes may still be on their way.
            found = instances[instance] = Instance(-1, [], now)
            if len(instances) > MOST_INSTANCES:
                instances.popitem(last=False)
        found.add(number, now)
        instances.move_to_end(instance)

    def forget(self, now: float) -> None:
        """Drops instances that no retry can come from any more."""
        for instances in self._accounts.values():
            while instances and next(iter(instances.values())).seen < now - KEPT_SECONDS:
                instances.popitem(last=False)

    def dump(self) -> dict[str, Any]:
        """Everything, as plain data for `load`."""
        return {
            str(account): [[name, one.highest, one.seen, one.gaps] for name, one in known.items()]
            for account, known in self._accounts.items()
        }

    def dump_account(self, account_id: int) -> dict[str, Any]:
        """The same of one account."""
        known = self._accounts.get(account_id, OrderedDict())
        return {str(account_id): [[name, one.highest, one.seen, one.gaps] for name, one in known.items()]}

    def load(self, data: dict[str, Any]) -> None:
        """Brings back what `dump` or `dump_account` gave.

        What is known of an instance already stays where it is newer: the numbers of an instance only become more.
        """
        for account, known in data.items():
            instances = self._accounts.setdefault(int(account), OrderedDict())
            for name, highest, seen, gaps in known:
                read = Instance(highest, [list(gap) for gap in gaps], seen)
                if name not in instances or instances[name].count < read.count:
                    instances[name] = read

    def drop(self, account_id: int) -> None:
        """Forgets an account."""
        self._accounts.pop(account_id, None)


def _without(gap: list[int], number: int) -> list[list[int]]:
    """The range without one number: none, one or two ranges."""
    first, last = gap
    if not first <= number <= last:
        return [gap]
    return [part for part in ([first, number - 1], [number + 1, last]) if part[0] <= part[1]]
