"""What providers tell of messages later: that one arrived, or did not."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from alerts import outbox, timeline
from alerts.about import incidents_of
from alerts.models import Notification, NotificationState

_UNDER_WAY = (NotificationState.CLAIMED, NotificationState.SENT)
# News may come in any order, and after nobody waited for them any more.
_NOT_DELIVERED = (*_UNDER_WAY, NotificationState.UNKNOWN, NotificationState.FAILED)


def delivered(notification: Notification, how: str, now: datetime) -> None:
    """It has arrived; `how` is the end of a sentence, such as `answered by a person`."""
    with transaction.atomic():
        # One that waits to be sent once more, since no answer came, is not.
        asked_again = Q(state=NotificationState.PENDING, doubtful__gt=0)
        rows = Notification.objects.filter(Q(state__in=_NOT_DELIVERED) | asked_again, pk=notification.pk)
        if not rows.update(state=NotificationState.DELIVERED, why="", delivered_at=now, lease_until=None):
            return
        text = f"{notification.get_channel_display()} to {notification.address}: {how}."
        for incident in incidents_of(notification):
            timeline.tell(incident, timeline.TOLD, text, now, notification.person)


def bounced(notification: Notification, why: str, now: datetime) -> None:
    """A mail came back, perhaps after the next mail server had taken it, by which it was delivered."""
    delivered_first = Notification.objects.filter(pk=notification.pk, state=NotificationState.DELIVERED)
    if not outbox.give_up(delivered_first, NotificationState.FAILED, why, now, delivered_at=None):
        failed(notification, why, now)


def failed(notification: Notification, why: str, now: datetime) -> None:
    """It did not arrive: the next channel is used, unless that was done when nobody knew."""
    Notification.objects.filter(pk=notification.pk, state=NotificationState.UNKNOWN).update(
        state=NotificationState.FAILED, why=why
    )
    outbox.give_up(
        Notification.objects.filter(pk=notification.pk, state__in=_UNDER_WAY), NotificationState.FAILED, why, now
    )
