"""What Celery runs for the accounts: each night the end of what nobody needs any more."""

import logging

from celery import shared_task
from django.utils import timezone

from accounts import addresses, audit, sessions

log = logging.getLogger("dattss.accounts")


@shared_task(name="accounts.forget_audit", expires=3600, ignore_result=True)
def forget_audit() -> None:
    """Removes the entries of the audit log that are older than 13 months."""
    _tell(audit.forget_old(timezone.now()), "old entries of the audit log")


@shared_task(name="accounts.forget_sessions", expires=3600, ignore_result=True)
def forget_sessions() -> None:
    """Removes the sessions that are over."""
    _tell(sessions.forget_ended(), "sessions that were over")


@shared_task(name="accounts.forget_unconfirmed", expires=3600, ignore_result=True)
def forget_unconfirmed() -> None:
    """Removes the people who have not confirmed their address within 30 days."""
    _tell(addresses.forget_unconfirmed(timezone.now()), "sign-ups that were never confirmed")


def _tell(forgotten: int, what: str) -> None:
    if forgotten:
        log.info("Removed %d %s.", forgotten, what)
