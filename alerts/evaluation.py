"""Rules and what is known of a minute, or at a look, become new states and the changes that come of them. No I/O."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from alerts.live_rules import LiveRule
from alerts.models.rule import TargetKind
from alerts.observation import Observation
from alerts.rules import PLAIN, TargetState, Transition, step

FORGOTTEN = 14 * 86_400  # seconds of quiet; what a stat does each week may be allowed ten days of it

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

    @property
    def late(self) -> Sequence["Known"]:
        """Those before it, oldest first, that are told again since values came late for them."""
        ...

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:
        """The rule's targets; of those `before`, which have states, the ones that still are. Of what is told again only
        those that values came late for."""
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


_Targets = dict[str, TargetState]


def _of_rule(rule: LiveRule, before: _Targets, known: Known, changes: list[Change]) -> _Targets:
    """A stat that moved late has not stopped, so that comes first. Elsewhere what came late counts only beside what is
    known by now."""
    if rule.condition.remembers:
        return _judged(rule, _amended(rule, before, known, changes), known, changes)
    return _amended(rule, _judged(rule, before, known, changes), known, changes)


def _judged(rule: LiveRule, before: _Targets, known: Known, changes: list[Change]) -> _Targets:
    found = ((target, _step(rule, target, before, known, changes)) for target in known.targets(rule, before))
    return {target: state for target, state in found if state != PLAIN and not _is_long_gone(rule, state)}


def _is_long_gone(rule: LiveRule, state: TargetState) -> bool:
    """One of many that a pattern stands for, which is quiet for so long that it never was an alarm and becomes none."""
    return rule.kind == TargetKind.PATTERN and state.phase == "ok" and state.quiet * rule.condition.every > FORGOTTEN


def _amended(rule: LiveRule, before: _Targets, known: Known, changes: list[Change]) -> _Targets:
    """The states once the minutes were told that values came late for."""
    after = dict(before) if known.late else before
    for late in known.late:
        for target in late.targets(rule, before):
            after[target] = _step(rule, target, after, late, changes)
    return {target: state for target, state in after.items() if state != PLAIN} if known.late else before


def _step(rule: LiveRule, target: str, before: _Targets, known: Known, changes: list[Change]) -> TargetState:
    state, transitions = step(rule.condition, before.get(target, PLAIN), known.observation(rule, target))
    changes += [Change(rule, target, transition, known.title(target)) for transition in transitions]
    return state


_NONE: _Targets = {}
