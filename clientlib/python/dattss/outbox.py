"""Commits that wait to be delivered, bounded."""

from __future__ import annotations

from collections import deque
from typing import Any

from dattss.accumulator import Partials
from dattss.merge import merge_all
from dattss.values import KINDS

LOST = "dattss.lost"  # counter of values that were taken and could not be delivered
MAX_COMMITS = 1000
MAX_PARTIALS = 20_000  # about 15 MB


class Commit:
    """What one process counted in one interval.

    `end` is the monotonic time at which the interval ended, `minute` the wall clock's minute then, `facts` the other
    fields of the commit (`upt`, `mem` …). `seq` is None until the commit is first sent; from then on the server may
    have it, and it must stay as it is.
    """

    __slots__ = ("end", "facts", "minute", "prt", "seq")

    def __init__(self, facts: dict[str, Any], prt: Partials, end: float, minute: int) -> None:
        self.facts = facts
        self.prt = prt
        self.end = end
        self.minute = minute
        self.seq: int | None = None

    def partials(self) -> int:
        """Number of partial aggregates."""
        return sum(len(self.prt[kind]) for kind in KINDS)

    def values(self) -> int:
        """Number of values that are lost with this commit."""
        partials = [partial for kind in KINDS for partial in self.prt[kind]]
        return sum(int(partial["sum"]) if partial["nam"] == LOST else partial["cnt"] for partial in partials)

    def is_empty(self) -> bool:
        """Whether it says no more than that the process lives."""
        return not (self.partials() or self.facts["err"] or self.facts["wrn"])


class Outbox:
    """First in, first out. When it is full, the oldest commits of one minute become one, which costs a plot nothing;
    when there are none to join, the oldest commit is dropped and its values are counted as lost.
    """

    def __init__(self, max_commits: int = MAX_COMMITS, max_partials: int = MAX_PARTIALS) -> None:
        self._max_commits = max_commits
        self._max_partials = max_partials
        self._commits: deque[Commit] = deque()
        self._partials = 0
        self.lost = 0  # values lost so far; whoever reports them sets it to zero

    def __len__(self) -> int:
        return len(self._commits)

    def put(self, commit: Commit) -> None:
        """Takes the newest commit."""
        self._commits.append(commit)
        self._partials += commit.partials()
        while len(self._commits) > 1 and self._is_full():
            if not self._join_a_minute():
                self._drop_oldest_unsent()

    def oldest(self) -> Commit | None:
        """The commit to send next, which stays here."""
        return self._commits[0] if self._commits else None

    def delivered(self) -> None:
        """The oldest commit has arrived."""
        self._partials -= self._commits.popleft().partials()

    def refused(self) -> None:
        """The oldest commit will never be taken."""
        self.lost += self._commits[0].values()
        self.delivered()

    def discard_empty(self) -> None:
        """Lets go of commits that only say that the process lives: the next one says it better."""
        self._commits = deque(commit for commit in self._commits if not commit.is_empty())

    def _is_full(self) -> bool:
        return len(self._commits) > self._max_commits or self._partials > self._max_partials

    def _join_a_minute(self) -> bool:
        """Makes one commit of the oldest minute with several never sent ones. False when there is no such minute."""
        start, end = self._first_run()
        if end - start < 2:
            return False
        commits = list(self._commits)
        run = commits[start:end]
        last = run[-1]
        facts = dict(last.facts, err=sum(c.facts["err"] for c in run), wrn=sum(c.facts["wrn"] for c in run))
        joined = Commit(facts, merge_all([c.prt for c in run]), last.end, last.minute)
        self._commits = deque([*commits[:start], joined, *commits[end:]])
        self._partials += joined.partials() - sum(c.partials() for c in run)
        return True

    def _first_run(self) -> tuple[int, int]:
        start = 0
        commits = list(self._commits)
        for index, commit in enumerate(commits):
            if commit.seq is not None or commit.minute != commits[start].minute or commits[start].seq is not None:
                if index - start >= 2:
                    return start, index
                start = index
        return start, len(commits) if commits[start].seq is None else start

    def _drop_oldest_unsent(self) -> None:
        # A commit that was sent may have arrived: it is kept, so that the loss is known to be one.
        index = next((i for i, commit in enumerate(self._commits) if commit.seq is None), 0)
        dropped = self._commits[index]
        del self._commits[index]
        self._partials -= dropped.partials()
        self.lost += dropped.values()
