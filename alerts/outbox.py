"""The outbox: each message is claimed, noted, sent, and what came of it is noted.

A claim is a lease: of all who try, the one whose UPDATE finds the row as it read it has it, and whoever dies with it
loses it `LEASE` later. Before a message leaves this process that is noted, so that after a crash it is known of each
whether it may have gone out: one that did not is sent; one that may have is sent once more by e-mail or SMS, and never
again by phone (`Sender.most_doubtful`). The number of tries is the token of who has the claim: who was taken for dead,
and was only slow, changes nothing any more.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.access import lock_account
from accounts.delivery import NotNow, Refused
from alerts import caps, fallback, timeline
from alerts.about import incidents_of
from alerts.channels import SENDERS
from alerts.hurdles import Stopped, first_hurdle
from alerts.models import Channel, Notification, NotificationState

log = logging.getLogger("dattss.alerts")

Clock = Callable[[], datetime]

LEASE = timedelta(minutes=3)  # longer than any provider is waited for
PAUSES = tuple(timedelta(seconds=pause) for pause in (10, 20, 40, 80, 160, 300, 600, 900, 900, 900))
NEWS_OF_A_CALL = timedelta(minutes=10)  # until then Twilio has told how a call went


def due(now: datetime, most: int = 500) -> list[int]:
    """The messages that are to go out, by id, the longest due first."""
    return list(_due(now).order_by("due", "pk").values_list("pk", flat=True)[:most])


def send(notification_id: int, clock: Clock = timezone.now) -> bool:
    """Sends a message, unless somebody else has it, or it is not due; whether it was this call's.

    Call it outside of a transaction: the provider is waited for.
    """
    claimed = _claim(notification_id, clock())
    if claimed is None:
        return False
    if not _goes_out(claimed, clock()):
        return True
    log.info("Notification %d goes out by %s, try %d.", claimed.pk, claimed.channel, claimed.attempts)
    try:
        provider_id = SENDERS[claimed.channel].send(claimed)
    except Refused as refused:
        caps.give_back(claimed, clock())
        give_up(_mine(claimed), NotificationState.FAILED, refused.sentence, clock(), doubtful=claimed.doubtful)
    except NotNow as error:
        _again_later(claimed, error, clock())
    else:
        _sent(claimed, provider_id, clock())
    return True


def give_up(
    rows: QuerySet[Notification], state: NotificationState, why: str, now: datetime, **changes: int | str | None
) -> bool:
    """Ends the message that `rows` finds, if it does, and has others told instead; whether it did."""
    with transaction.atomic():
        lost = rows.select_for_update(of=("self",), no_key=True).first()
        if lost is None:
            return False
        Notification.objects.filter(pk=lost.pk).update(state=state, why=why, lease_until=None, **changes)
        fallback.instead_of(lost, why, now)
    return True


def give_up_silent_calls(now: datetime) -> None:
    """Calls of which Twilio has told nothing: nobody knows whether somebody answered."""
    silent = Notification.objects.filter(
        channel=Channel.PHONE, state=NotificationState.SENT, sent_at__lt=now - NEWS_OF_A_CALL
    )
    for pk in silent.values_list("pk", flat=True):
        give_up(silent.filter(pk=pk), NotificationState.UNKNOWN, "Twilio has not told how the call went.", now)


def _due(now: datetime) -> QuerySet[Notification]:
    waiting = Q(state=NotificationState.PENDING, due__lte=now)
    orphaned = Q(state=NotificationState.CLAIMED, lease_until__lte=now)
    return Notification.objects.filter(waiting | orphaned)


def _claim(notification_id: int, now: datetime) -> Notification | None:
    """The message, if it is due and nobody else was faster."""
    found = _due(now).filter(pk=notification_id).first()
    if found is None:
        return None
    as_it_was = Notification.objects.filter(pk=found.pk, state=found.state, attempts=found.attempts)
    if not as_it_was.update(state=NotificationState.CLAIMED, lease_until=now + LEASE, attempts=F("attempts") + 1):
        return None
    return Notification.objects.select_related("account", "incident", "person", "contact", "endpoint").get(pk=found.pk)


def _mine(claimed: Notification) -> QuerySet[Notification]:
    """The row, as long as it is this claim's."""
    return Notification.objects.filter(pk=claimed.pk, state=NotificationState.CLAIMED, attempts=claimed.attempts)


def _goes_out(claimed: Notification, now: datetime) -> bool:
    """Whether nothing stands against it; then it is noted that it is about to go out."""
    with transaction.atomic():
        lock_account(claimed.account_id)
        if not _mine(claimed).exists():
            return False
        stopped = first_hurdle(claimed, now)
        if stopped is None:
            return bool(_mine(claimed).update(logged=now, doubtful=F("doubtful") + 1))
        _stop(claimed, stopped, now)
    return False


def _stop(claimed: Notification, stopped: Stopped, now: datetime) -> None:
    waits = stopped.due is not None  # which is no try
    _mine(claimed).update(
        state=stopped.state,
        why=stopped.why,
        due=stopped.due or claimed.due,
        lease_until=None,
        attempts=F("attempts") - int(waits),
    )
    if stopped.lost:
        fallback.instead_of(claimed, stopped.why, now, by_mail=stopped.instead_by_mail)


def _sent(claimed: Notification, provider_id: str, now: datetime) -> None:
    answers = SENDERS[claimed.channel].answers
    state = NotificationState.DELIVERED if answers else NotificationState.SENT
    with transaction.atomic():
        # What became of it may have been told before: then it stays as it is.
        Notification.objects.filter(pk=claimed.pk).update(provider_id=provider_id[:100], sent_at=now)
        if not _mine(claimed).update(state=state, why="", lease_until=None, delivered_at=now if answers else None):
            return
        for incident in incidents_of(claimed):
            text = f"{claimed.get_channel_display()} to {claimed.address} {state.label.lower()}."
            timeline.tell(incident, timeline.TOLD, text, now, claimed.person)


def _again_later(claimed: Notification, error: NotNow, now: datetime) -> None:
    """With growing pauses. Where an answer came it is known that it did not go out."""
    doubtful = claimed.doubtful + (0 if error.answered else 1)
    if error.answered:
        caps.give_back(claimed, now)
    if claimed.attempts > len(PAUSES):
        give_up(_mine(claimed), NotificationState.FAILED, error.sentence, now, doubtful=doubtful)
    elif doubtful >= SENDERS[claimed.channel].most_doubtful:
        why = "No answer came: it may have arrived."
        give_up(_mine(claimed), NotificationState.UNKNOWN, why, now, doubtful=doubtful)
    else:
        _mine(claimed).update(
            state=NotificationState.PENDING,
            why=error.sentence,
            due=now + PAUSES[claimed.attempts - 1],
            lease_until=None,
            doubtful=doubtful,
        )
