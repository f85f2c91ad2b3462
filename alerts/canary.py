"""The canary: each 5 minutes a value of each server goes the whole way of an alert, and ends in a file of that server.

The server counts a value for account 0 like any program; a rule there fires for it, an incident opens, and its message
is claimed and sent as all others are, by a channel that writes a file. A file that is old says that somewhere on that
way alerting does not work, whoever seems to be well.
"""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path

import requests
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from accounts.models import SYSTEM_ACCOUNT_ID, Account
from alerts import conditions
from alerts.models import (
    Channel,
    Endpoint,
    EndpointKind,
    Escalation,
    EscalationStep,
    Incident,
    IncidentState,
    Notification,
    NotificationState,
    Rule,
    TargetKind,
)
from stats import runtime
from stats.selfwatch import CANARY
from stats.storage.replace import replace

log = logging.getLogger("dattss.alerts")

LATE = 15 * 60.0  # seconds: three canaries
KEPT = timedelta(hours=1)  # of its incidents, which nobody looks at
_WATCHER_TIMEOUT = 10.0  # seconds
_CONDITION = conditions.Above(limit=0, minutes=1, recovery_minutes=1)


def ensure(process: str, shard: int) -> None:
    """Makes the canary's rule for a server, which is called `process` among those of account 0."""
    server = sink_of(shard)
    account = Account.objects.get(pk=SYSTEM_ACCOUNT_ID)
    with transaction.atomic():
        endpoint, _ = Endpoint.objects.get_or_create(
            account=account, kind=EndpointKind.FILE, url=server, defaults={"name": server}
        )
        escalation, _ = Escalation.objects.get_or_create(account=account, name=f"Canary of {server}")
        EscalationStep.objects.get_or_create(
            escalation=escalation, position=0, defaults={"channel": Channel.FILE, "endpoint": endpoint}
        )
        Rule.objects.update_or_create(
            account=account,
            canary=True,
            escalation=escalation,
            defaults={
                "name": f"Canary of {server}",
                "target_kind": TargetKind.STAT,
                "target": f"{process}/c/{CANARY}",
                "condition": conditions.as_plain(_CONDITION),
            },
        )


def sink_of(shard: int) -> str:
    """What the file of a shard's server is called; also the queue of its worker, which writes it."""
    return f"shard-{shard}"


def note(sink: str, now: float) -> None:
    """A canary has come to this server's file. Raises StorageError."""
    replace(_file(sink), f"{now:.3f}\n".encode())


def verified(shard: int) -> float | None:
    """The Unix time at which alerting was seen to work last, by this server; None where it never was."""
    try:
        return float(_file(sink_of(shard)).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def came_through(shard: int) -> datetime | None:
    """When the last canary of a server was sent on, as the outbox says, which every node can read; None where none was
    within `KEPT`."""
    rows = Notification.objects.filter(
        account=SYSTEM_ACCOUNT_ID, channel=Channel.FILE, endpoint__url=sink_of(shard), state=NotificationState.DELIVERED
    )
    last: datetime | None = rows.aggregate(last=Max("delivered_at"))["last"]
    return last


def problem() -> str:
    """Why this server is not ready, as far as alerts go; empty where it is. A server that has begun a while ago only is
    given the time of three canaries."""
    if runtime.shard is None:
        return ""
    now, seen = time.time(), verified(runtime.shard.number)
    if now - max(seen or 0.0, runtime.shard.listening.since) < LATE:
        return ""
    ago = "never" if seen is None else f"{(now - seen) / 60:.0f} min ago"
    return f"Alerting was verified last: {ago}. Do the Celery worker and beat run?"


def tell_watcher() -> None:
    """Calls the URL that an outside check expects to be called, where one is set."""
    if not settings.DATTSS_HEARTBEAT_URL:
        return
    try:
        requests.get(settings.DATTSS_HEARTBEAT_URL, timeout=_WATCHER_TIMEOUT).close()
    except requests.RequestException as error:
        # Not its text: it has the URL, which is a secret of those who are told by it.
        log.warning("The heartbeat URL cannot be called (%s).", type(error).__name__)


def forget_old(now: datetime) -> int:
    """Removes what canaries leave; returns how many incidents."""
    old = Incident.objects.filter(rule__canary=True, state=IncidentState.RESOLVED, resolved_at__lt=now - KEPT)
    return old.delete()[0]


def _file(sink: str) -> Path:
    folder: Path = settings.DATTSS_DATA / "alerting"
    return folder / sink
