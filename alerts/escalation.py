"""Who is told of an incident when: puts messages into the outbox, and takes back those that nobody needs any more."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from alerts.models import (
    Channel,
    EscalationStep,
    Incident,
    Notification,
    NotificationKind,
    NotificationState,
    Rule,
)

ALARMS = (NotificationKind.ALERT, NotificationKind.REPEAT, NotificationKind.STORM)
_TOLD = (
    NotificationState.CLAIMED,  # it may go out this very moment
    NotificationState.SENT,
    NotificationState.DELIVERED,
    NotificationState.UNKNOWN,
)
# Nobody is woken by a call that all is well again.
_RECOVERY_CHANNEL = {Channel.PHONE: Channel.SMS}


def begin(incidents: Sequence[Incident], now: datetime) -> None:
    """Their escalations begin now, or begin anew (`Incident.round`): every step is in the outbox until it is due.

    Call it in the transaction in which the incidents changed. Sets `turn` and `repeat_at` and does not save them.
    """
    rules = _rules_of(incidents)
    found: list[Notification] = []
    for incident in incidents:
        rule = rules.get(incident.rule_id or 0)
        incident.turn, incident.repeat_at = 0, _next_time(rule, 0, now)
        found += _run(incident, rule, now)
    Notification.objects.bulk_create(found, ignore_conflicts=True)


def repeat(incidents: Sequence[Incident], now: datetime) -> None:
    """All steps once more of incidents whose `repeat_at` has come. Otherwise as `begin`."""
    rules = _rules_of(incidents)
    found: list[Notification] = []
    for incident in incidents:
        rule = rules.get(incident.rule_id or 0)
        incident.turn += 1
        incident.repeat_at = _next_time(rule, incident.turn, now)
        found += _run(incident, rule, now)
    Notification.objects.bulk_create(found, ignore_conflicts=True)


def stop(incidents: Iterable[Incident], why: str) -> None:
    """Nobody is to be told of them any more, in a transaction."""
    waiting = Q(incident__in=list(incidents), state=NotificationState.PENDING)
    list(Notification.locked().filter(waiting).values_list("pk", flat=True))
    rows = Notification.objects.filter(waiting)
    # One that may have arrived was told, as far as anybody knows: he is told too when it is over.
    rows.filter(doubtful__gt=0).update(state=NotificationState.UNKNOWN, why=why)
    rows.filter(doubtful=0).update(state=NotificationState.CANCELLED, why=why)


def tell_recovery(over: Sequence[tuple[Incident, str]], now: datetime) -> None:
    """Everybody who was told of these incidents is told once, by the same channel, the sentence that each is over."""
    by_pk = {incident.pk: (incident, sentence) for incident, sentence in over}
    found = {one.key: one for one in (_recovery(told, *by_pk[told.incident_id or 0], now) for told in _told(by_pk))}
    Notification.objects.bulk_create(found.values(), ignore_conflicts=True)


def _told(incidents: Collection[int]) -> QuerySet[Notification]:
    """The alarms that somebody got of these incidents, by themselves or in a storm's message."""
    return Notification.objects.filter(
        Q(state__in=_TOLD) | Q(folded_into__state__in=_TOLD), incident__in=incidents, kind__in=ALARMS
    )


def _recovery(told: Notification, incident: Incident, sentence: str, now: datetime) -> Notification:
    channel = _RECOVERY_CHANNEL.get(Channel(told.channel), told.channel)
    whom = f"e{told.endpoint_id}" if told.endpoint_id else f"c{told.contact_id}"
    return Notification(
        account_id=told.account_id,
        incident=incident,
        kind=NotificationKind.RECOVERY,
        round=incident.round,
        channel=channel,
        contact_id=told.contact_id,
        endpoint_id=told.endpoint_id,
        person_id=told.person_id,
        address=told.address,
        sentence=sentence,
        key=f"recovery:{incident.pk}:{channel}:{whom}",
        due=now,
    )


def _rules_of(incidents: Iterable[Incident]) -> dict[int, Rule]:
    """The rules by which somebody is told of them."""
    wanted = {incident.rule_id for incident in incidents if incident.rule_id is not None}
    rows = Rule.objects.filter(pk__in=wanted).exclude(escalation=None).select_related("escalation")
    steps = ("escalation__steps__contact__user", "escalation__steps__endpoint")
    return {rule.pk: rule for rule in rows.prefetch_related(*steps)}


def _next_time(rule: Rule | None, turn: int, now: datetime) -> datetime | None:
    escalation = rule.escalation if rule is not None else None
    if escalation is None or not escalation.repeat_minutes or turn >= escalation.most_repeats:
        return None
    return now + timedelta(minutes=escalation.repeat_minutes)


def _run(incident: Incident, rule: Rule | None, now: datetime) -> list[Notification]:
    if rule is None or rule.escalation is None:
        return []
    kind = NotificationKind.REPEAT if incident.turn else NotificationKind.ALERT
    kind = NotificationKind.CANARY if rule.canary else kind
    return [_alarm(incident, step, kind, now) for step in rule.escalation.steps.all()]


def _alarm(incident: Incident, step: EscalationStep, kind: NotificationKind, now: datetime) -> Notification:
    contact, endpoint = step.contact, step.endpoint
    # A Slack URL is a secret, and everybody in the account reads on timelines where a message went.
    address = contact.address if contact else endpoint.name if endpoint else ""
    return Notification(
        account_id=incident.account_id,
        incident=incident,
        kind=kind,
        step=step.position,
        round=incident.round,
        turn=incident.turn,
        channel=step.channel,
        contact=contact,
        endpoint=endpoint,
        person=contact.user if contact else None,
        address=address,
        sentence=incident.sentence,
        key=f"alarm:{incident.pk}:{incident.round}:{incident.turn}:{step.position}",
        due=now + timedelta(seconds=step.after_seconds),
    )
