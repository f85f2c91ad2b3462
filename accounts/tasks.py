"""What Celery runs for the accounts: each night the end of old entries of the audit log."""

import logging

from celery import shared_task
from django.utils import timezone

from accounts.audit import forget_old

log = logging.getLogger("dattss.accounts")


@shared_task(name="accounts.forget_audit", expires=3600, ignore_result=True)
def forget_audit() -> None:
    """Removes the entries of the audit log that are older than 13 months."""
    forgotten = forget_old(timezone.now())
    if forgotten:
        log.info("Removed %d old entries of the audit log.", forgotten)
