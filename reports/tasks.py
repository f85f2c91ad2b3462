"""What Celery runs for the reports, each hour: somewhere it has become morning."""

import logging
import time

from celery import shared_task

from reports.sending import send_due

log = logging.getLogger("dattss.reports")


@shared_task(name="reports.send", expires=3000, ignore_result=True)
def send(shard: int) -> None:
    """Sends the reports of a shard's accounts that are due."""
    sent = send_due(shard, time.time())
    if sent:
        log.info("Sent %d reports of the accounts on shard %d.", sent, shard)
