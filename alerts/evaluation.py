"""Rules and what is known of a minute, or at a look, become new states and the changes that come of them. No I/O."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from alerts.live_rules import LiveRule
from alerts.observation import Observation
from alerts.rules import PLAIN, TargetState, Transition, step

States = dict[int, dict[str, TargetState]]  # by rule and target; what is plain is left out


class Change(NamedTuple):
    """A target of a rule that changes its phase. `title` is what an error group is called, where that is known."""

    rule: LiveRule
    target: str
    transition: Transition
    title: str = ""


class Known(Protocol):
    """What is known for one minute or look. `every`: seconds between two of these."""

    @property
    def every(self) -> int: ...

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:
        """The rule's targets; of those `before`, which have states, the ones that still are."""
        ...

    def observation(self, rule: LiveRule, target: str) -> Observation: ...

    def title(self, target: str) -> str: ...


def evaluate(rules: Iterable[LiveRule], states: States, known: Known) -> tuple[States, list[Change]]:
    """The states of all rules, and what has changed. Rules that go by another rhythm keep theirs; those of rules that
    there are no more are dropped."""
    after: States = {}
    changes: list[Change] = []
    for rule in rules:
        before = states.get(rule.pk, _NONE)
        found = before if rule.condition.every != known.every else _of_rule(rule, before, known, changes)
        if found:
            after[rule.pk] = found
    return after, changes


def _of_rule(
    rule: LiveRule, before: dict[str, TargetState], known: Known, changes: list[Change]
) -> dict[str, TargetState]:
    after = {}
    for target in known.targets(rule, before):
        state, transitions = step(rule.condition, before.get(target, PLAIN), known.observation(rule, target))
        if state != PLAIN:
            after[target] = state
        changes += [Change(rule, target, transition, known.title(target)) for transition in transitions]
    return after


_NONE: dict[str, TargetState] = {}
