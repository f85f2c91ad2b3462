"""What a rule would have done in the past: the same machine over past minutes, and what it would have sent."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from alerts.conditions import Condition
from alerts.observation import Observation
from alerts.rules import PLAIN, TargetState, Transition, step

WEEK = 7 * 24 * 3600

_RECOVERY_CHANNEL = {"phone": "sms"}  # nobody is woken by a call that all is well again


class Alarm(NamedTuple):
    """An alarm that began with the transition `fired`, and was `over` at that Unix time; None: it still burns."""

    fired: Transition
    over: int | None


class Step(NamedTuple):
    """A step of an escalation: `whom` it tells by which channel, how long after it fired."""

    after_seconds: int
    channel: str
    whom: str


class Plan(NamedTuple):
    """An escalation: its steps, and all of them again after each `repeat_minutes` (0: never), `most_repeats` times."""

    steps: Sequence[Step]
    repeat_minutes: int = 0
    most_repeats: int = 0

    def alerts(self, seconds: int) -> list[Step]:
        """What goes out within so many seconds, after which it is acknowledged or over."""
        turns = range(1 + (self.most_repeats if self.repeat_minutes else 0))
        begins = [turn * self.repeat_minutes * 60 for turn in turns]
        return [one for begin in begins for one in self.steps if begin + one.after_seconds < seconds]

    def recoveries(self, told: Sequence[Step]) -> list[str]:
        """By which channels they are told that it is over, each person once by each."""
        whom = {(_RECOVERY_CHANNEL.get(one.channel, one.channel), one.whom) for one in told}
        return [channel for channel, _ in sorted(whom)]


@dataclass(frozen=True)
class Backtest:
    """What a rule did with a target's past from `start` to `end` (Unix seconds): its alarms, all changes of phase, and
    the state at the end."""

    start: int
    end: int
    transitions: list[Transition] = field(repr=False)
    state: TargetState

    @property
    def alarms(self) -> list[Alarm]:
        """The alarms in the order of time."""
        ends = iter([one.at for one in self.transitions if one.resolved])
        return [Alarm(one, next(ends, None)) for one in self.transitions if one.fired]

    @property
    def lengths(self) -> list[int]:
        """For how many seconds each alarm lasted, by now."""
        return [(self.end if over is None else over) - fired.at for fired, over in self.alarms]

    @property
    def per_week(self) -> float:
        """How many alarms there were a week."""
        return len(self.alarms) * WEEK / max(self.end - self.start, 1)

    def messages(self, plan: Plan, acknowledged: int | None = None) -> Counter[str]:
        """How many would have gone out by each channel, had each alarm been acknowledged after so many seconds (None:
        never). Storms, silences and caps, which make them fewer, are not looked at."""
        sent: Counter[str] = Counter()
        for alarm, seconds in zip(self.alarms, self.lengths, strict=True):
            told = plan.alerts(seconds if acknowledged is None else min(seconds, acknowledged))
            sent.update(one.channel for one in told)
            sent.update(plan.recoveries(told) if alarm.over is not None else [])
        return sent


def run(condition: Condition, past: Iterable[Observation]) -> Backtest:
    """Judges the past of one target, oldest first, as if the rule had been there from its begin on."""
    state, transitions = PLAIN, []
    start = end = 0
    for seen in past:
        state, changes = step(condition, state, seen)
        transitions += changes
        start, end = start or seen.at - condition.every, seen.at
    return Backtest(start, end, transitions, state)


def cost(messages: Mapping[str, int], prices: Mapping[str, float]) -> float:
    """What they cost; a channel without a price costs nothing."""
    return sum(number * prices.get(channel, 0.0) for channel, number in messages.items())
