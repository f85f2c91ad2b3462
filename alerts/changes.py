"""What people do to rules, incidents and silences: each checked, done and noted in the audit log in one transaction.

Who may is asked before, with `accounts.access`: every one of these needs `Right.CHANGE`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest
from rest_framework.request import Request

from accounts import audit
from accounts.access import Access, person_of
from alerts import conditions, incidents, recurrence, targets
from alerts.conditions import ConditionError
from alerts.models import Escalation, How, Incident, Rule, Silence, TargetKind
from alerts.recurrence import RecurrenceError
from alerts.targets import TargetError

MOST_RULES = 10_000  # of an account
LONGEST_SILENCE = timedelta(days=366)
LONGEST_ACKNOWLEDGEMENT = timedelta(days=30)

_FITTING: dict[str, tuple[type[conditions.Condition], ...]] = {
    TargetKind.STAT: (conditions.Above, conditions.Below, conditions.StoppedWorking, conditions.UnlikeTypical),
    TargetKind.PATTERN: (conditions.Above, conditions.Below, conditions.StoppedWorking, conditions.UnlikeTypical),
    TargetKind.PROCESS: (conditions.StoppedResponding,),
    TargetKind.GROUP: (conditions.Errors,),
}


class ChangeError(ValueError):
    """It cannot be done; the message is a sentence for the one who wants it, about `field`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class RuleDraft:
    """What a rule is to be. `condition` is plain data; `escalation` the id of one of the account's, or None."""

    name: str
    target_kind: str
    target: str
    condition: Any
    escalation: int | None = None
    enabled: bool = True


@dataclass(frozen=True)
class SilenceDraft:
    """What a silence is to be: exactly one of `rule` (an id), `process` and `pattern`, an end, and a reason."""

    starts: datetime
    ends: datetime
    reason: str
    rule: int | None = None
    process: str = ""
    pattern: str = ""
    recurrence: Any = None


# --- rules ------------------------------------------------------------------------------------------------------------
def rule_of(access: Access, rule_id: int) -> Rule:
    """A rule of the account. Http404 where there is none; the canary is nobody's to see."""
    rule = Rule.objects.filter(account=access.account, canary=False, pk=rule_id).first()
    if rule is None:
        raise Http404
    return rule


def make_rule(request: HttpRequest | Request, access: Access, draft: RuleDraft) -> Rule:
    """A new rule. Raises ChangeError."""
    rule = Rule(account=access.account, by=person_of(request))
    _fill(rule, draft)
    with transaction.atomic():
        if Rule.objects.filter(account=access.account).count() >= MOST_RULES:
            raise ChangeError("name", f"An account has at most {MOST_RULES:,} rules.")
        rule.save()
        audit.record(request, "rule.made", access.account, rule.name, rule=rule.pk)
    return rule


def change_rule(request: HttpRequest | Request, rule: Rule, draft: RuleDraft, now: datetime) -> None:
    """The rule becomes what the draft says. What it has open is over where it now is about something else, judges by
    something else, or is turned off. Raises ChangeError."""
    before = _judged(rule)
    _fill(rule, draft)
    with transaction.atomic():
        rule.save()
        if _judged(rule) != before:
            incidents.end_of_rule(rule, "was changed" if rule.enabled else "was turned off", now, person_of(request))
        audit.record(request, "rule.changed", rule.account, rule.name, rule=rule.pk)


def delete_rule(request: HttpRequest | Request, rule: Rule, now: datetime) -> None:
    """The rule is gone; what it had open is over."""
    with transaction.atomic():
        incidents.end_of_rule(rule, "was deleted", now, person_of(request))
        audit.record(request, "rule.deleted", rule.account, rule.name, rule=rule.pk)
        rule.delete()


def _judged(rule: Rule) -> tuple[str, str, str, bool]:
    """Where one of these changes, what was seen before says nothing; a limit may be moved while the rule fires."""
    return rule.target_kind, rule.target, rule.condition["kind"], rule.enabled


def _fill(rule: Rule, draft: RuleDraft) -> None:
    name = draft.name.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise ChangeError("name", "A rule needs a name of up to 80 letters.")
    rule.name = name
    rule.target_kind, rule.target = _target(draft)
    rule.condition = _condition(draft)
    rule.escalation = escalation_of(rule.account_id, draft.escalation)
    rule.enabled = draft.enabled


def _target(draft: RuleDraft) -> tuple[TargetKind, str]:
    try:
        kind = TargetKind(draft.target_kind)
    except ValueError:
        raise ChangeError("target_kind", f"A rule is on one of: {', '.join(TargetKind.values)}.") from None
    try:
        targets.check(kind, draft.target)
    except TargetError as error:
        raise ChangeError("target", str(error)) from error
    return kind, draft.target


def _condition(draft: RuleDraft) -> dict[str, Any]:
    try:
        condition = conditions.convert(draft.condition)
    except ConditionError as error:
        raise ChangeError(f"condition.{error.field}", str(error)) from error
    if not fits(condition, draft.target_kind):
        raise ChangeError("condition.kind", "This kind of condition is for another kind of target.")
    return conditions.as_plain(condition)


def fits(condition: conditions.Condition, target_kind: str) -> bool:
    """Whether a condition is one for such a target."""
    return isinstance(condition, _FITTING[target_kind])


def escalation_of(account_id: int, pk: int | None) -> Escalation | None:
    """An escalation of the account; None for None. Raises ChangeError."""
    found = Escalation.objects.filter(account_id=account_id, pk=pk).first() if pk is not None else None
    if pk is not None and found is None:
        raise ChangeError("escalation", "The account has no such escalation.")
    return found


# --- incidents --------------------------------------------------------------------------------------------------------
def incident_of(access: Access, incident_id: int) -> Incident:
    """An incident of the account. Http404 where there is none."""
    rows = Incident.objects.filter(account=access.account, pk=incident_id).exclude(rule__canary=True)
    incident = rows.select_related("account", "rule").first()
    if incident is None:
        raise Http404
    return incident


def acknowledge(
    request: HttpRequest | Request, incident: Incident, how: How, now: datetime, until: datetime | None = None
) -> None:
    """Somebody takes care of it, perhaps `until` then. Raises ChangeError."""
    if until is not None and not now < until <= now + LONGEST_ACKNOWLEDGEMENT:
        raise ChangeError("until", f"It may end within {LONGEST_ACKNOWLEDGEMENT.days} days from now.")
    with transaction.atomic():
        if not incidents.acknowledge(incident, how, person_of(request), now, until=until):
            raise ChangeError("state", "It was acknowledged, or is over.")
        audit.record(request, "incident.acknowledged", incident.account, f"#{incident.number}")


def resolve(request: HttpRequest | Request, incident: Incident, how: How, now: datetime) -> None:
    """Somebody says that it is over. Raises ChangeError."""
    with transaction.atomic():
        if not incidents.resolve(incident, how, person_of(request), now):
            raise ChangeError("state", "It is over already.")
        audit.record(request, "incident.resolved", incident.account, f"#{incident.number}")


# --- silences ---------------------------------------------------------------------------------------------------------
def silence_of(access: Access, silence_id: int) -> Silence:
    """A silence of the account. Http404 where there is none."""
    silence = Silence.objects.filter(account=access.account, pk=silence_id).first()
    if silence is None:
        raise Http404
    return silence


def make_silence(request: HttpRequest | Request, access: Access, draft: SilenceDraft, now: datetime) -> Silence:
    """A new silence; it is noticed by the next look. Raises ChangeError."""
    _check(draft, now)
    rule = _silenced_rule(access, draft.rule)
    with transaction.atomic():
        silence = Silence.objects.create(
            account=access.account,
            rule=rule,
            process=draft.process,
            pattern=draft.pattern,
            starts=draft.starts,
            ends=draft.ends,
            recurrence=draft.recurrence,
            reason=draft.reason.strip(),
            by=person_of(request),
        )
        what = rule.name if rule is not None else draft.process or draft.pattern
        audit.record(request, "silence.made", access.account, what, ends=draft.ends.isoformat(), reason=silence.reason)
    return silence


def end_silence(request: HttpRequest | Request, silence: Silence, now: datetime) -> None:
    """It ends now, or never begins: what still burns is told by the next look."""
    with transaction.atomic():
        if silence.starts >= now:
            silence.delete()
        elif silence.ends > now:
            silence.ends = now
            silence.save(update_fields=["ends"])
        audit.record(request, "silence.ended", silence.account, silence.reason)


def _check(draft: SilenceDraft, now: datetime) -> None:
    if sum((draft.rule is not None, bool(draft.process), bool(draft.pattern))) != 1:
        raise ChangeError("rule", "A silence is of one thing: a rule, a process or a pattern.")
    if not 1 <= len(draft.reason.strip()) <= 200:
        raise ChangeError("reason", "Say why, in up to 200 letters: others will wonder.")
    if draft.ends <= max(draft.starts, now):
        raise ChangeError("ends", "The end must lie ahead, and after the start.")
    if draft.ends - draft.starts > LONGEST_SILENCE:
        raise ChangeError("ends", "A silence lasts at most a year.")
    try:
        if draft.process:
            targets.check_process(draft.process)
        if draft.pattern:
            targets.check(TargetKind.PATTERN, draft.pattern)
        if draft.recurrence is not None:
            recurrence.convert(draft.recurrence)
    except TargetError as error:
        raise ChangeError("process" if draft.process else "pattern", str(error)) from error
    except RecurrenceError as error:
        raise ChangeError("recurrence", str(error)) from error


def _silenced_rule(access: Access, rule_id: int | None) -> Rule | None:
    try:
        return None if rule_id is None else rule_of(access, rule_id)
    except Http404:
        raise ChangeError("rule", "The account has no such rule.") from None
