"""What Celery runs for the alerts, on each shard's queue: the rules after each flush, and a look each 10 s."""

import time

from celery import shared_task

from alerts import rounds


@shared_task(name="alerts.evaluate", expires=55, ignore_result=True)
def evaluate(shard: int) -> None:
    """Evaluates the rules of a shard's accounts for what was flushed."""
    rounds.minute_round(shard, time.time)


@shared_task(name="alerts.look", expires=10, ignore_result=True)
def look(shard: int) -> None:
    """Looks for silent processes and tends open incidents. A minute whose flush nobody asked for is evaluated too."""
    rounds.look_round(shard, time.time)
    rounds.minute_round(shard, time.time)
