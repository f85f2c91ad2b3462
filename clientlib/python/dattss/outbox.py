"""Commits that wait to be delivered, bounded."""

from __future__ import annotations

from collections import deque
from typing import Any

from dattss.accumulator import Partials
from dattss.events import Told, merged
from dattss.merge import merge_all
from dattss.values import KINDS

LOST = "dattss.lost"  # counter of values that were taken and could not be delivered
MAX_COMMITS = 1000
MAX_PARTIALS = 20_000  # about 15 MB
MAX_TEXTS = 4_000_000  # characters that errors and warnings have


class Commit:
    """What one process counted in one interval, and the errors and warnings in it that are told with words.

    `end` is the monotonic time at which the interval ended, `minute` the wall clock's minute then, `facts` the other
    fields of the commit (`upt`, `mem` …). `seq` is None until the commit is first sent; from then on the server may
    have it, and it must stay as it is.
    """

    __slots__ = ("end", "facts", "minute", "prt", "seq", "told")

    def __init__(
        self, facts: dict[str, Any], prt: Partials, end: float, minute: int, told: list[Told] | None = None
    ) -> None:
        self.facts = facts
        self.prt = prt
        self.told = told or []
        self.end = end
        self.minute = minute
        self.seq: int | None = None

    def partials(self) -> int:
        """Number of partial aggregates."""
        return sum(len(self.prt[kind]) for kind in KINDS)

    def values(self) -> int:
        """Number of values, errors and warnings that are lost with this commit."""
        events = int(self.facts["err"] + self.facts["wrn"])
        partials = [partial for kind in KINDS for partial in self.prt[kind]]
        return events + sum(int(partial["sum"]) if partial["nam"] == LOST else partial["cnt"] for partial in partials)

    def characters(self) -> int:
        """How much of errors and warnings it holds."""
        return sum(told.characters() for told in self.told)

    def evt(self) -> list[dict[str, Any]]:
        """Its errors and warnings, `age` seconds before its end."""
        return [{**told.fields, "age": round(max(self.end - told.at, 0.0), 3), "cnt": told.cnt} for told in self.told]

    def is_empty(self) -> bool:
        """Whether it says no more than that the process lives."""
        return not (self.partials() or self.facts["err"] or self.facts["wrn"])


class Outbox:
    """First in, first out. When it is full, the oldest commits of one minute become one, which costs a plot nothing;
    when there are none to join, the oldest errors and warnings are no longer told but counted only, where it is these
    that are too many; else the oldest commit is dropped and its values are counted as lost.
    """

    def __init__(
        self, max_commits: int = MAX_COMMITS, max_partials: int = MAX_PARTIALS, max_texts: int = MAX_TEXTS
    ) -> None:
        self._max_commits = max_commits
        self._max_partials = max_partials
        self._max_texts = max_texts
        self._commits: deque[Commit] = deque()
        self._partials = 0
        self._texts = 0
        self.lost = 0  # values lost so far; whoever reports them sets it to zero

    def __len__(self) -> int:
        return len(self._commits)

    def put(self, commit: Commit) -> None:
        """Takes the newest commit."""
        self._commits.append(commit)
        self._weigh(commit, 1)
        while len(self._commits) > 1 and self._is_full():
            if not (self._join_a_minute() or self._tell_less()):
                self._drop_oldest_unsent()

    def oldest(self) -> Commit | None:
        """The commit to send next, which stays here."""
        return self._commits[0] if self._commits else None

    def delivered(self) -> None:
        """The oldest commit has arrived."""
        self._weigh(self._commits.popleft(), -1)

    def refused(self) -> None:
        """The oldest commit will never be taken."""
        self.lost += self._commits[0].values()
        self.delivered()

    def has_news(self) -> bool:
        """Whether any commit says more than that the process lives."""
        return any(not commit.is_empty() for commit in self._commits)

    def discard_empty(self) -> None:
        """Lets go of commits that only say that the process lives: the next one says it better.

        One that was sent is kept: where it has not arrived, its number would be missing.
        """
        self._commits = deque(commit for commit in self._commits if commit.seq is not None or not commit.is_empty())

    def _is_full(self) -> bool:
        return (
            len(self._commits) > self._max_commits
            or self._partials > self._max_partials
            or self._texts > self._max_texts
        )

    def _weigh(self, commit: Commit, sign: int) -> None:
        self._partials += sign * commit.partials()
        self._texts += sign * commit.characters()

    def _join_a_minute(self) -> bool:
        """Makes one commit of the oldest minute with several never sent ones. False when there is no such minute."""
        start, end = self._first_run()
        if end - start < 2:
            return False
        commits = list(self._commits)
        run = commits[start:end]
        last = run[-1]
        facts = dict(last.facts, err=sum(c.facts["err"] for c in run), wrn=sum(c.facts["wrn"] for c in run))
        told = merged([told for c in run for told in c.told])
        joined = Commit(facts, merge_all([c.prt for c in run]), last.end, last.minute, told)
        self._commits = deque([*commits[:start], joined, *commits[end:]])
        self._weigh(joined, 1)
        for each in run:
            self._weigh(each, -1)
        return True

    def _tell_less(self) -> bool:
        """Leaves what one commit counted of errors and warnings, but not their texts. False where that is no help."""
        if self._texts <= self._max_texts:
            return False
        for commit in self._commits:
            if commit.told and commit.seq is None:
                self._texts -= commit.characters()
                commit.told = []
                return True
        return False

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
        self._weigh(dropped, -1)
        self.lost += dropped.values()
