"""Many messages at once to one person or endpoint: held back for a moment, then one that says how many there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from alerts.models import Channel, Notification, NotificationKind, NotificationState
from alerts.wording import ALARMS, one_line

SENTENCES = 3  # that a storm's message repeats
_RECOVERIES = (NotificationKind.RECOVERY,)


@dataclass(frozen=True, slots=True)
class Bounds:
    """`most` messages in `window` go out one by one; from `folded` that wait on they become one."""

    most: int
    window: timedelta
    folded: int


# A second call while the first is heard finds the line busy.
BOUNDS = {
    Channel.PHONE: Bounds(1, timedelta(minutes=2), 2),
    Channel.SMS: Bounds(4, timedelta(minutes=5), 3),
    Channel.EMAIL: Bounds(10, timedelta(minutes=5), 5),
    Channel.SLACK: Bounds(20, timedelta(minutes=5), 5),
}


def held_until(notification: Notification, now: datetime) -> datetime | None:
    """When a message may go out that would be one too many now; None where it need not wait."""
    bounds = _bounds(notification)
    if bounds is None:
        return None
    gone = Notification.objects.filter(_alike(notification), logged__gt=now - bounds.window).exclude(pk=notification.pk)
    moments = list(gone.order_by("-logged").values_list("logged", flat=True)[: bounds.most])
    last = moments[-1] if len(moments) == bounds.most else None
    return last + bounds.window if last else None


def fold(notification: Notification, now: datetime) -> Notification | None:
    """The message in place of this one and of all that wait with it, in a transaction; None where they are too few."""
    bounds = _bounds(notification)
    if bounds is None or notification.incident_id is None or notification.doubtful:
        return None
    pending = Q(state=NotificationState.PENDING, due__lte=now)
    # Another sender has it and has not come as far as this one: it will find that it is folded.
    not_yet_out = Q(state=NotificationState.CLAIMED, logged=None)
    all_of_them = Q(pk=notification.pk) | pending | not_yet_out
    waiting = Notification.locked().filter(_alike(notification), all_of_them, doubtful=0, incident__isnull=False)
    parts = sorted(waiting, key=lambda part: (part.due, part.pk))
    if len(parts) < bounds.folded:
        return None
    storm = _storm_of(parts, now)
    Notification.objects.filter(pk__in=[part.pk for part in parts]).update(
        state=NotificationState.SKIPPED, folded_into=storm, why="It is part of a message that tells of several."
    )
    return storm


def _bounds(notification: Notification) -> Bounds | None:
    return BOUNDS.get(Channel(notification.channel)) if notification.kind in (*ALARMS, *_RECOVERIES) else None


def _alike(notification: Notification) -> Q:
    """Those to the same person or endpoint by the same channel: alarms, or what says that they are over."""
    return Q(
        account=notification.account_id,
        channel=notification.channel,
        address=notification.address,
        endpoint=notification.endpoint_id,
        kind__in=ALARMS if notification.kind in ALARMS else _RECOVERIES,
    )


def _storm_of(parts: list[Notification], now: datetime) -> Notification:
    first = parts[0]
    return Notification.objects.create(
        account=first.account,
        kind=NotificationKind.STORM if first.kind in ALARMS else NotificationKind.RECOVERY,
        step=first.step,
        channel=first.channel,
        contact=first.contact,
        endpoint=first.endpoint,
        person=first.person,
        address=first.address,
        sentence=_sentence_of(parts),
        key=f"storm:{first.pk}",
        due=now,
    )


def _sentence_of(parts: list[Notification]) -> str:
    """Such as `12 incidents: orders 3/min …; api is silent …; … and 9 more`."""
    of_incident = {part.incident_id: one_line(part.sentence) for part in parts}
    told = list(of_incident.values())[:SENTENCES]
    more = len(of_incident) - len(told)
    return f"{len(of_incident)} incidents: {'; '.join(told)}" + (f"; and {more} more" if more else "")
