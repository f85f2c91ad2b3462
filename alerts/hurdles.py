"""Why a message does not go out, or not now: one step for each reason, asked in this order before each try.

They run in a transaction that has the message's row, and the account, to itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.contacts import confirmed_contacts
from accounts.models import Medium
from alerts import caps, silences, storms
from alerts.about import incidents_of
from alerts.channels import SENDERS
from alerts.models import Channel, IncidentState, Notification, NotificationState
from alerts.wording import ALARMS

_MEDIA = {Channel.EMAIL: Medium.EMAIL, Channel.SMS: Medium.PHONE, Channel.PHONE: Medium.PHONE}


@dataclass(frozen=True, slots=True)
class Stopped:
    """What becomes of the message instead. `lost`: the person is not told, so that the next channel has to."""

    state: NotificationState
    why: str
    lost: bool = False
    due: datetime | None = None
    instead_by_mail: bool = False


Hurdle = Callable[[Notification, datetime], Stopped | None]


def unknown(notification: Notification, _now: datetime) -> Stopped | None:
    """It may have gone out as often as it may in doubt."""
    if notification.doubtful < SENDERS[notification.channel].most_doubtful:
        return None
    return Stopped(NotificationState.UNKNOWN, "No answer came: it may have arrived.", lost=True)


def unwanted(notification: Notification, _now: datetime) -> Stopped | None:
    """Somebody knows already, it is over, or the account is closed."""
    if notification.account.closed is not None:
        return Stopped(NotificationState.CANCELLED, "The account is closed.")
    if notification.kind not in ALARMS:
        return None
    if any(incident.state == IncidentState.FIRING for incident in incidents_of(notification)):
        return None
    return Stopped(_untold(notification), "It was acknowledged or is over.")


def silenced(notification: Notification, now: datetime) -> Stopped | None:
    """A silence holds, perhaps since a moment ago. What still burns when it ends is told then."""
    if notification.kind not in ALARMS:
        return None
    burning = [incident for incident in incidents_of(notification) if incident.state == IncidentState.FIRING]
    if not silences.keep_quiet(burning, now):
        return None
    return Stopped(_untold(notification), "A silence holds.")


def unreachable(notification: Notification, _now: datetime) -> Stopped | None:
    """Only contacts that are confirmed, and endpoints that still exist, are told anything."""
    medium = _MEDIA.get(Channel(notification.channel))
    if medium is None:
        known = notification.channel == Channel.FILE or notification.endpoint is not None
        return None if known else Stopped(NotificationState.SKIPPED, "The endpoint was removed.", lost=True)
    contact = notification.contact
    confirmed = confirmed_contacts(notification.account).filter(medium=medium, address=notification.address)
    if contact is not None and confirmed.filter(pk=contact.pk).exists():
        return None
    return Stopped(NotificationState.SKIPPED, "This contact was removed, or is not confirmed.", lost=True)


def folded(notification: Notification, now: datetime) -> Stopped | None:
    """Others wait with it: one message tells of all."""
    held = storms.held_until(notification, now)
    if held is not None and held > now:
        return Stopped(NotificationState.PENDING, "Several messages went there just now.", due=held)
    if storms.fold(notification, now) is None:
        return None
    return Stopped(NotificationState.SKIPPED, "It is part of a message that tells of several.")


def capped(notification: Notification, now: datetime) -> Stopped | None:
    """The month's messages are used up. This is the last step: it counts the message."""
    reached = caps.spend(notification, now)
    if reached is None:
        return None
    what = "SMS" if notification.channel == Channel.SMS else "calls"
    why = f"The cap of {what} for {reached.value} is reached for this month."
    return Stopped(NotificationState.SKIPPED, why, lost=True, instead_by_mail=True)


HURDLES: tuple[Hurdle, ...] = (unknown, unwanted, silenced, unreachable, folded, capped)


def _untold(notification: Notification) -> NotificationState:
    """Of one that nobody needs now. One that may have arrived was told, as far as anybody knows: he is told too when it
    is over."""
    return NotificationState.UNKNOWN if notification.doubtful else NotificationState.CANCELLED


def first_hurdle(notification: Notification, now: datetime) -> Stopped | None:
    """The first reason that stops it; None where it goes out now."""
    for hurdle in HURDLES:
        stopped = hurdle(notification, now)
        if stopped is not None:
            return stopped
    return None
