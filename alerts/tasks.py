"""What Celery runs for the alerts: on each shard's queue the rules after each flush, and a look each 10 s; for all of
them what the outbox holds."""

import logging
import time

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from alerts import canary, outbox, retention, rounds
from alerts.models import Channel, Notification

log = logging.getLogger("dattss.alerts")


@shared_task(name="alerts.evaluate", expires=55, ignore_result=True)
def evaluate(shard: int) -> None:
    """Evaluates the rules of a shard's accounts for what was flushed."""
    rounds.minute_round(shard, time.time)
    send_due.delay()


@shared_task(name="alerts.look", expires=10, ignore_result=True)
def look(shard: int) -> None:
    """Looks for silent processes and tends open incidents. A minute whose flush nobody asked for is evaluated too."""
    rounds.look_round(shard, time.time)
    rounds.minute_round(shard, time.time)
    send_due.delay()


@shared_task(name="alerts.send_due", expires=5, ignore_result=True)
def send_due() -> None:
    """Has each message sent that is due: slow providers wait for each other no longer than there are workers."""
    now = timezone.now()
    due = Notification.objects.filter(pk__in=outbox.due(now)).order_by("due")
    for pk, channel, address in due.values_list("pk", "channel", "address"):
        # A canary's file is written where its server is.
        queue = address if channel == Channel.FILE else settings.CELERY_TASK_DEFAULT_QUEUE
        send.apply_async((pk,), queue=queue, expires=30)
    outbox.give_up_silent_calls(now)


@shared_task(name="alerts.send", ignore_result=True)
def send(notification_id: int) -> None:
    """Sends one message, unless another worker has it."""
    outbox.send(notification_id)


@shared_task(name="alerts.tidy", expires=3600, ignore_result=True)
def tidy() -> None:
    """Removes what canaries have left, and what is past its account's retention."""
    now = timezone.now()
    canary.forget_old(now)
    forgotten = retention.forget_old(now)
    if forgotten:
        log.info("Removed %d old incidents.", forgotten)
