"""Who is told when a message did not arrive: the timeline, and the next channel at once."""

from datetime import datetime

from django.db.models import Min

from accounts.contacts import confirmed_contacts
from accounts.models import Contact, Medium
from alerts import timeline
from alerts.about import incidents_of
from alerts.models import Channel, Incident, IncidentState, Notification, NotificationKind, NotificationState
from alerts.wording import ALARMS


def instead_of(lost: Notification, why: str, now: datetime, *, by_mail: bool = False) -> None:
    """Says on the timeline that a message did not arrive; makes the next step of each incident that still burns due
    now, in the transaction in which the message is given up.

    Where there is no further step, or with `by_mail`, the same person is told by e-mail.
    """
    for incident in incidents_of(lost):
        text = f"{lost.get_channel_display()} to {lost.address}: {why}"
        timeline.tell(incident, timeline.NOT_TOLD, text, now, lost.person)
        if lost.kind in ALARMS and incident.state == IncidentState.FIRING:
            went_on = _next_step(incident, lost, now)
            if by_mail or not went_on:
                _mail_instead(incident, lost, why, now)


def _next_step(incident: Incident, lost: Notification, now: datetime) -> bool:
    """Whether there is a further step; it is due now."""
    coming = incident.notifications.filter(state=NotificationState.PENDING, kind__in=ALARMS, round=incident.round)
    if lost.step is not None and lost.incident_id == incident.pk:
        coming = coming.filter(turn=lost.turn, step__gt=lost.step)
    first = coming.filter(due__gt=now).aggregate(due=Min("due"))["due"]
    if first is not None:
        coming.filter(due=first).update(due=now)
    return first is not None or coming.exists()


def _mail_instead(incident: Incident, lost: Notification, why: str, now: datetime) -> None:
    """A mail to who was to be told, once, unless that was a mail already."""
    contact = None if lost.channel == Channel.EMAIL else _mail_contact(lost)
    if contact is None:
        return
    Notification.objects.get_or_create(
        key=f"instead:{incident.pk}:{lost.pk}",
        defaults={
            "account": lost.account,
            "incident": incident,
            "kind": NotificationKind.ALERT,
            "step": lost.step,
            "round": incident.round,
            "turn": lost.turn,
            "channel": Channel.EMAIL,
            "contact": contact,
            "person": contact.user,
            "address": contact.address,
            "sentence": f"{incident.sentence} ({why} That is why this is a mail.)",
            "due": now,
        },
    )


def _mail_contact(lost: Notification) -> Contact | None:
    mine = confirmed_contacts(lost.account).filter(medium=Medium.EMAIL)
    return mine.filter(user=lost.person).first() if lost.person is not None else None
