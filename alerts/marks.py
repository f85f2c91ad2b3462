"""What the plot of a stat shows of alerts: which rules watch it, at which limits, and when they fired."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from django.db.models import Q
from msgspec import Meta, Struct

from accounts.models import Account
from alerts import conditions, targets
from alerts.condition_words import in_words
from alerts.conditions import Above, Below, Condition
from alerts.incident_lists import of_account
from alerts.live_rules import LiveRule, rules_of
from alerts.models import Incident, Rule, TargetKind
from alerts.saying import sentence_for
from alerts.targets import StatName
from stats.aggregation.partial import Kind

Seconds = Annotated[int, Meta(description="Unix time.")]

MOST_INCIDENTS = 50  # of a plot, the newest
_SECONDS = 60


class RuleMark(Struct, frozen=True, kw_only=True):
    """A rule that watches a stat. `limit` and `until` are on the plot's axis: a counter's values a minute, else the
    values themselves; null where its condition is on something that the plot does not draw."""

    id: int
    name: str
    kind: Annotated[str, Meta(description="The kind of its condition, such as `above`, `stopped_working`.")]
    words: Annotated[str, Meta(description="Its condition, such as `value above 10 for 3 min`.")]
    side: Literal["above", "below"]
    measure: Annotated[str, Meta(description="What the limit is on; empty where there is no limit.")]
    limit: float | None
    until: Annotated[float | None, Meta(description="The limit of recovery, where it is another one.")]


class AlertMark(Struct, frozen=True, kw_only=True):
    """An incident on a plot."""

    number: int
    rule_name: str
    target: str
    state: Literal["firing", "acknowledged", "resolved"]
    sentence: str
    opened: Seconds
    resolved: Seconds | None


class Firing(Struct, frozen=True, kw_only=True):
    """How many incidents nobody has acknowledged."""

    firing: int


class StatMarks(Struct, frozen=True, kw_only=True):
    """What the plot of a stat shows of alerts."""

    rules: list[RuleMark]
    incidents: list[AlertMark]


def of_stat(account: Account, target: str, begin: datetime, end: datetime, zone: ZoneInfo) -> StatMarks:
    """The rules that watch the stat `target` (`PROCESS/TYPE/NAME`) now, and the incidents of it and of its process that
    were open between `begin` and `end`, the newest first; their sentences in this time zone. Raises TargetError."""
    stat = targets.stat_of(target)
    if stat is None:
        raise targets.TargetError(f"{target[:80]!r} is no stat: PROCESS/TYPE/NAME is one.")
    watching = [rule.pk for rule in rules_of(account.pk).rules if _watches(rule, target, stat)]
    rules = Rule.objects.filter(pk__in=watching, canary=False).order_by("name", "pk")
    rows = of_account(account).filter(target__in=(target, stat.process), opened__lt=end)
    incidents = rows.filter(Q(resolved_at=None) | Q(resolved_at__gt=begin)).order_by("-number")[:MOST_INCIDENTS]
    return StatMarks(
        rules=[_rule_mark(rule, stat.kind) for rule in rules],
        incidents=[mark_of(incident, zone) for incident in incidents],
    )


def mark_of(incident: Incident, zone: ZoneInfo) -> AlertMark:
    """An incident as pages mark it."""
    return AlertMark(
        number=incident.number,
        rule_name=incident.rule_name,
        target=incident.target,
        state=incident.state,  # type: ignore[arg-type]  # one of `IncidentState`
        sentence=sentence_for(incident, zone),
        opened=int(incident.opened.timestamp()),
        resolved=int(incident.resolved_at.timestamp()) if incident.resolved_at is not None else None,
    )


def plotted_limits(kind: Kind, condition: Condition) -> tuple[float, float] | None:
    """The limit, and that of recovery, in what the plot of such a stat has on its axis: a counter's values a minute,
    the values themselves of timers and gauges. None where the condition has no limit there."""
    if not isinstance(condition, Above | Below):
        return None
    factor = _on_axis(kind, condition.measure)
    return (condition.limit * factor, condition.back * factor) if factor else None


def _on_axis(kind: Kind, measure: str) -> float:
    """By what a measure is multiplied to be on the plot's axis; 0 where it is something else."""
    if kind == "c":
        return {"value": 1.0, "sum": 1.0, "rate": float(_SECONDS)}.get(measure, 0.0)
    return 0.0 if measure in ("rate", "sum") else 1.0


def _watches(rule: LiveRule, target: str, stat: StatName) -> bool:
    if rule.kind == TargetKind.STAT:
        return rule.target == target
    if rule.kind == TargetKind.PATTERN:
        return targets.matches(rule.target, target)
    return rule.kind == TargetKind.PROCESS and targets.matches(rule.target, stat.process)


def _rule_mark(rule: Rule, kind: Kind) -> RuleMark:
    condition = conditions.convert(rule.condition)
    limits = plotted_limits(kind, condition)
    return RuleMark(
        id=rule.pk,
        name=rule.name,
        kind=rule.condition["kind"],
        words=in_words(condition),
        side="above" if isinstance(condition, Above) else "below",
        measure=condition.measure if isinstance(condition, Above | Below) else "",
        limit=limits[0] if limits else None,
        until=limits[1] if limits and limits[1] != limits[0] else None,
    )
