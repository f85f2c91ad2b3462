"""What is long over goes: incidents with their timelines and messages, lone messages, and silences, each when the
retention of its account is past, as that account's values do."""

from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from accounts.models import Account
from alerts.models import Incident, IncidentState, Notification, Silence

_AT_ONCE = 500  # rows of a transaction, each with what hangs on it


def forget_old(now: datetime) -> int:
    """Removes what is past its account's retention; returns how many incidents. What is open stays, however old."""
    return sum(
        _of_account(pk, now - timedelta(days=days)) for pk, days in Account.objects.values_list("pk", "retention_days")
    )


def _of_account(account_id: int, oldest: datetime) -> int:
    mine = Incident.objects.filter(account_id=account_id)
    over = mine.filter(state=IncidentState.RESOLVED, resolved_at__lt=oldest)
    if over.exists():
        # The newest stays: numbers go on after it.
        over = over.filter(number__lt=mine.aggregate(last=Max("number"))["last"])
    _delete(Notification.objects.filter(account_id=account_id, incident=None, created__lt=oldest))
    _delete(Silence.objects.filter(account_id=account_id, ends__lt=oldest))
    return _delete(over)


def _delete(rows: "QuerySet[Incident] | QuerySet[Notification] | QuerySet[Silence]") -> int:
    """Removes the rows, some at a time; returns how many."""
    removed = 0
    while some := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        rows.model.objects.filter(pk__in=some).delete()
        removed += len(some)
    return removed
