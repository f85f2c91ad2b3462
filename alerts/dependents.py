"""What hangs on something that is about to be deleted: a page says so before, and no rule is left that tells nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from alerts import silences
from alerts.models import Endpoint, EscalationStep, Incident, IncidentState, Rule, Silence
from alerts.ways import key_of, ways_of

_NAMED = 3  # in a sentence


@dataclass(frozen=True)
class OfEndpoint:
    """The names of the escalations that have a step to it, and the rules that would tell nobody without it."""

    escalations: Sequence[str]
    mute: Sequence[Rule]


def of_endpoint(endpoint: Endpoint) -> OfEndpoint:
    """What hangs on an endpoint."""
    steps = EscalationStep.objects.filter(escalation__steps__endpoint=endpoint).select_related("escalation").distinct()
    names = {step.escalation_id: step.escalation.name for step in steps}
    left = telling(endpoint.account, [step for step in steps if step.endpoint_id != endpoint.pk])
    rules = Rule.objects.filter(escalation__in=names.keys() - left, canary=False)
    return OfEndpoint(sorted(names.values()), list(rules.order_by("name", "pk")))


def telling(account: Account, steps: Iterable[EscalationStep] | None = None) -> set[int]:
    """The escalations, by id, that tell somebody by one of these steps, or of all: the others have lost whom they
    told."""
    found = EscalationStep.objects.filter(escalation__account=account) if steps is None else steps
    known = {way.key for way in ways_of(account)}
    return {step.escalation_id for step in found if key_of(step) in known}


def held_by(silence: Silence, now: datetime) -> list[Incident]:
    """The open incidents that are told when this silence ends: no other one holds their messages back."""
    others = [one for one in silences.active(silence.account_id, now) if one.pk != silence.pk]
    burning = Incident.objects.filter(account=silence.account_id, silenced=True, state=IncidentState.FIRING)
    found = (one for one in burning.order_by("number") if silences.covering([silence], one))
    return [one for one in found if silences.covering(others, one) is None]


def named(rules: Sequence[Rule]) -> str:
    """Such as `Orders, Logins and 4 more rules`."""
    names = ", ".join(rule.name for rule in rules[:_NAMED])
    more = len(rules) - _NAMED
    return f"{names} and {more} more rule{'s' if more > 1 else ''}" if more > 0 else names
