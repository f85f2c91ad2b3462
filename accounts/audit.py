"""Writes the audit log, and forgets what is old."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.client_address import address_of
from accounts.models import Account, AuditEntry, User

KEPT_DAYS = 396  # 13 months, as the values of an account


def record(
    request: HttpRequest | Request, action: str, account: Account | None, target: str = "", **details: Any
) -> None:
    """Notes what the person of the request has just done: `action` is a word such as `key.revoked`, `target` what it
    was done to, `details` plain values. Call it in the transaction of what it tells of.
    """
    user = request.user if isinstance(request.user, User) else None
    record_of(user, action, account, target, address_of(request), **details)


def record_of(
    user: User | None, action: str, account: Account | None, target: str, address: str | None, **details: Any
) -> None:
    """The same for a person who is not, or not yet, that of the request."""
    AuditEntry.objects.create(
        account=account,
        user=user,
        actor=user.email if user else "",
        action=action,
        target=target[:254],
        details=details,
        ip=address,
    )


def forget_old(now: datetime) -> int:
    """Removes the entries that are older than `KEPT_DAYS`; returns how many."""
    return AuditEntry.objects.filter(at__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]
