"""What happens to an account's past days: packed after 8 days, removed after the account's retention."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from accounts.models import Account
from accounts.routing import in_use
from stats.storage.packed import pack_day, remove_day, stored_days
from stats.storage.packed_file import DamagedPackError

log = logging.getLogger("dattss.storage")

PLAIN_DAYS = 8  # before the current one: they stay plain files


@dataclass
class TendReport:
    """How many days were packed, removed and could not be, and how many bytes packing saved."""

    packed: int = 0
    removed: int = 0
    failed: int = 0
    saved: int = 0


def tend(
    root: Path,
    *,
    shard: int | None = None,
    account: int | None = None,
    seconds: float = float("inf"),
    now: Callable[[], float] = time.time,
) -> TendReport:
    """Packs and removes what is due of the accounts of a shard, of one account, or of all (None).

    One that is on its way to another shard waits until it is there, one that is closed until it is open again. Begins
    no further day once `seconds` are over.
    What fails is logged and counted, and keeps no other day from it.
    """
    accounts = Account.objects.filter(closed=None).order_by("pk")
    if account is not None:
        accounts = accounts.filter(pk=account)
    report, began = TendReport(), now()
    today = datetime.fromtimestamp(began, UTC).date()
    for number, retention, its_shard, moving in accounts.values_list("pk", "retention_days", "shard", "moving_to"):
        if moving is not None or shard not in (None, in_use(its_shard)):
            continue
        for day in _due(root, number, today):
            if now() - began >= seconds:
                return report
            _tend_day(root, number, day, today - timedelta(days=retention), report)
    return report


def _due(root: Path, account: int, today: date) -> list[date]:
    plain, packed = stored_days(root, account)
    return sorted(day for day in {*plain, *packed} if day < today - timedelta(days=PLAIN_DAYS))


def _tend_day(root: Path, account: int, day: date, oldest: date, report: TendReport) -> None:
    try:
        if day < oldest:
            remove_day(root, account, day)
            report.removed += 1
        elif (done := pack_day(root, account, day)) is not None:
            report.packed += 1
            report.saved += done.plain_bytes - done.packed_bytes
    except (OSError, DamagedPackError) as error:
        log.exception("the day %s of account %s could not be packed or removed", day, account, exc_info=error)
        report.failed += 1
