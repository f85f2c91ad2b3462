"""What Celery runs for the alerts: on each shard's queue the rules after each flush and a look each 10 s, and on the
queue of all servers what is to be sent."""

import time

from celery import shared_task
from django.utils import timezone

from alerts import outbox, rounds


@shared_task(name="alerts.evaluate", expires=55, ignore_result=True)
def evaluate(shard: int) -> None:
    """Evaluates the rules of a shard's accounts for what was flushed."""
    rounds.minute_round(shard, time.time)
    send_due()


@shared_task(name="alerts.look", expires=10, ignore_result=True)
def look(shard: int) -> None:
    """Looks for silent processes and tends open incidents. A minute whose flush nobody asked for is evaluated too."""
    rounds.look_round(shard, time.time)
    rounds.minute_round(shard, time.time)
    send_due()


@shared_task(name="alerts.send_due", expires=5, ignore_result=True)
def send_due() -> None:
    """Has each message that is due sent by a task of its own: one that waits for its provider holds up no other."""
    now = timezone.now()
    outbox.give_up_silent_calls(now)
    for notification_id in outbox.due(now):
        send.delay(notification_id)


@shared_task(name="alerts.send", expires=30, ignore_result=True)
def send(notification_id: int) -> None:
    """Sends a message, unless somebody else was faster."""
    outbox.send(notification_id)
