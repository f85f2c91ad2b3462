"""What people answer to a message: that they have taken it on, or that it is over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.contacts import confirmed_contacts
from accounts.models import Medium
from alerts import incidents
from alerts.about import incidents_of, may_answer
from alerts.models import Channel, How, Incident, Notification, NotificationState
from alerts.wording import ACKNOWLEDGE, ALARMS, RESOLVE

REPLY_TIME = timedelta(days=7)  # as long a message can be answered by SMS
_MOST_TOLD = 100  # messages that are looked through for the one that is meant
_ARRIVED = (
    NotificationState.CLAIMED,
    NotificationState.SENT,
    NotificationState.DELIVERED,
    NotificationState.UNKNOWN,
    NotificationState.FAILED,
)
_REPLY = re.compile(r"(?P<word>[46]|ack|acknowledged?|resolved?)\W{0,3}(?P<number>[0-9]{1,9})?\W{0,3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer came to: the incidents it was about, and whether it changed any."""

    about: tuple[Incident, ...]
    changed: bool


def answer(notification: Notification, key: str, how: How, now: datetime) -> Answered:
    """Acknowledges or resolves, by `key`, what a message tells of, in the name of who was told."""
    return _answered(incidents_of(notification), notification, key, how, now)


def answer_of_sms(number: str, text: str, now: datetime) -> tuple[str, Answered] | None:
    """The same by an SMS from the E.164 `number`: the key, and what it came to; None for any other text, and from a
    number that was not told.

    `4` answers the newest message of which something is still open, `4 12` incident 12.
    """
    reply = _REPLY.fullmatch(text.strip()[:80])
    if reply is None:
        return None
    key = ACKNOWLEDGE if reply["word"].lower().startswith(("4", "ack")) else RESOLVE
    for notification in _told(number, now):
        about = [found for found in incidents_of(notification) if _is_meant(found, reply["number"])]
        if about:
            return key, _answered(about, notification, key, How.SMS, now)
    return None


def _is_meant(incident: Incident, number: str | None) -> bool:
    return incident.is_open if number is None else incident.number == int(number)


def _told(number: str, now: datetime) -> Iterator[Notification]:
    """The messages to a number, the newest first, that its person may still answer."""
    told = Notification.objects.filter(
        channel__in=(Channel.SMS, Channel.PHONE),
        address=number,
        kind__in=ALARMS,
        state__in=_ARRIVED,
        logged__gt=now - REPLY_TIME,
    )
    for notification in told.select_related("account", "person").order_by("-logged")[:_MOST_TOLD]:
        still = confirmed_contacts(notification.account).filter(
            user=notification.person, medium=Medium.PHONE, address=number
        )
        if still.exists() and may_answer(notification):
            yield notification


def _answered(about: list[Incident], told: Notification, key: str, how: How, now: datetime) -> Answered:
    change = incidents.acknowledge if key == ACKNOWLEDGE else incidents.resolve
    changed = [change(incident, how, told.person, now) for incident in about]
    return Answered(tuple(about), any(changed))
