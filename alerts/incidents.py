"""Incidents open, are acknowledged and are resolved: each with all that follows from it in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from alerts import escalation, page_news, progress, saying, silences, timeline
from alerts.evaluation import Change
from alerts.models import How, Incident, IncidentState, Rule
from alerts.progress import Loaded


def record(after: Loaded, changes: Sequence[Change], now: datetime) -> bool:
    """Stores what an evaluation has found, and opens and resolves incidents, with their messages.

    False, and nothing has happened, where somebody else has stored the account's progress since it was loaded.
    """
    with transaction.atomic():
        if not progress.store(after):
            return False
        _open([change for change in changes if change.transition.fired], after.account_id, now)
        _recovered([change for change in changes if change.transition.resolved], now)
    return True


def acknowledge(
    incident: Incident, how: How, person: User | None, now: datetime, *, until: datetime | None = None
) -> bool:
    """Somebody takes care of it: nobody else is told until it is over or, where that comes first, `until`. False where
    it is not firing any more."""
    with transaction.atomic():
        found = _locked(incident)
        if found is None or found.state != IncidentState.FIRING:
            return False
        found.state, found.repeat_at = IncidentState.ACKNOWLEDGED, None
        found.acknowledged_at, found.acknowledged_until = now, until
        found.acknowledged_by, found.acknowledged_how = person, how
        found.save()
        escalation.stop([found], f"{_who(person)} acknowledged it.")
        timeline.tell(found, timeline.ACKNOWLEDGED, f"Acknowledged by {_by(person, how)}.", now, person)
        page_news.tell_after_commit([found])
    return True


def resolve(incident: Incident, how: How, person: User | None, now: datetime) -> bool:
    """Somebody says that it is over: it fires anew only when it goes wrong anew. False where it is over already."""
    with transaction.atomic():
        progress.forget(incident.account_id, lambda rule, target: (rule, target) == (incident.rule_id, incident.target))
        found = _locked(incident)
        if found is None or not found.is_open:
            return False
        sentence = f"{found.rule_name}: {found.target} was resolved by {_by(person, how)}."
        _resolve([(found, sentence)], how, now, person)
    return True


def end_of_rule(rule: Rule, why: str, now: datetime, person: User | None) -> None:
    """What a rule has open is over, since the rule itself was changed, turned off or is about to be deleted: `why` says
    which, such as `was deleted`."""
    with transaction.atomic():
        progress.forget(rule.account_id, lambda pk, _target: pk == rule.pk)
        rows = Incident.locked().filter(rule=rule).exclude(state=IncidentState.RESOLVED)
        over = [(one, f"{rule.name}: the rule {why}; nobody watches {one.target} by it now.") for one in rows]
        _resolve(over, How.RULE, now, person)


def _locked(incident: Incident) -> Incident | None:
    return Incident.locked().filter(pk=incident.pk).first()


def _open(changes: Sequence[Change], account_id: int, now: datetime) -> None:
    known = _burning(changes)
    new = [change for change in changes if (change.rule.pk, change.target) not in known]
    if not new:
        return
    last = Incident.objects.filter(account_id=account_id).aggregate(last=Max("number"))["last"] or 0
    quiet = silences.active(account_id, now)
    opened = []
    for number, change in enumerate(new, last + 1):
        facts = saying.facts_of(change)
        incident = Incident(
            account_id=account_id,
            number=number,
            rule_id=change.rule.pk,
            rule_name=change.rule.name,
            target=change.target,
            opened=now,
            sentence=facts.written(change.rule.zone),
            facts=saying.stored(facts),
        )
        incident.silenced = silences.covering(quiet, incident) is not None
        opened.append(incident)
    Incident.objects.bulk_create(opened)
    timeline.tell_all([(one, one.sentence) for one in opened], timeline.OPENED, now)
    timeline.tell_all(
        [(one, "A silence holds: nobody is told.") for one in opened if one.silenced], timeline.SILENCED, now
    )
    loud = [one for one in opened if not one.silenced]
    escalation.begin(loud, now)
    Incident.objects.bulk_update(loud, ["turn", "repeat_at"])
    page_news.tell_after_commit(opened)


def _recovered(changes: Sequence[Change], now: datetime) -> None:
    burning = _burning(changes)
    over = [
        (burning[change.rule.pk, change.target], saying.facts_of(change).written(change.rule.zone))
        for change in changes
        if (change.rule.pk, change.target) in burning
    ]
    _resolve(over, How.VALUES, now)


def _burning(changes: Sequence[Change]) -> dict[tuple[int, str], Incident]:
    """The open incidents of these rules, by rule and target."""
    rows = Incident.locked().exclude(state=IncidentState.RESOLVED)
    found = rows.filter(rule__in={change.rule.pk for change in changes})
    return {(one.rule_id or 0, one.target): one for one in found} if changes else {}


def _resolve(over: Sequence[tuple[Incident, str]], how: How, now: datetime, person: User | None = None) -> None:
    """They are over, each with a sentence that says so."""
    if not over:
        return
    for incident, _ in over:
        incident.state, incident.repeat_at = IncidentState.RESOLVED, None
        incident.resolved_at, incident.resolved_by, incident.resolved_how = now, person, how
    found = [incident for incident, _ in over]
    Incident.objects.bulk_update(
        found, ["state", "repeat_at", "resolved_at", "resolved_by", "resolved_how"], batch_size=500
    )
    timeline.tell_all(over, timeline.RESOLVED, now, person)
    escalation.stop(found, "It is over.")
    escalation.tell_recovery([one for one in over if not one[0].silenced], now)
    page_news.tell_after_commit(found)


def _by(person: User | None, how: How) -> str:
    return f"{_who(person)}, by {how.label.lower()}"


def _who(person: User | None) -> str:
    return person.email if person is not None else "Somebody"
