"""What a shard has in memory of its accounts, beside the journal that says the same of the minutes in it."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from stats.aggregation.delivered import Delivered, Dump
from stats.aggregation.engine import Engine
from stats.events import Events
from stats.minutes import Minutes
from stats.selfwatch import resident_bytes
from stats.storage.plan import Events as StoredEvents


class Restored(NamedTuple):
    """What the files have of an account: its processes' states, its events, and what was delivered where it was
    before."""

    account: int
    states: list[dict[str, Any]]
    events: list[StoredEvents]
    delivered: Dump


@dataclass(frozen=True, eq=False)
class InMemory:
    """The live values, the errors and warnings, the minutes that were flushed last, and which commits were taken."""

    engine: Engine
    events: Events = field(default_factory=Events)
    minutes: Minutes = field(default_factory=Minutes)
    delivered: Delivered = field(default_factory=Delivered)

    def bring_in(self, restored: Restored) -> None:
        for state in restored.states:
            self.engine.registry.restore(restored.account, state)
        for account_id, level, events in restored.events:
            self.events.restore(account_id, level, events)
            if level == "group":
                self.minutes.bring_in(account_id, events)
        self.delivered.load(restored.delivered)

    def drop(self, account_id: int) -> None:
        """Forgets an account, whose values must all have been handed out in cuts."""
        self.engine.registry.drop(account_id)
        self.events.drop(account_id)
        self.minutes.drop(account_id)
        self.delivered.drop(account_id)

    def sizes(self) -> dict[str, int]:
        """Bytes of the process and of what grows in it."""
        return {
            "memory": resident_bytes(),
            **{f"memory.{part}": size for part, size in self.engine.memory().items()},
            "memory.delivered": self.delivered.nbytes,
            "memory.events": self.events.nbytes,
        }
