"""What Celery runs for the stats: the flush of each minute, each night the packing of past days, each hour the end of
closed accounts."""

import time
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.keys import LastUse, store_last_uses
from stats.closed_accounts import erase_closed
from stats.engine_call import ask
from stats.past_days import tend

FLUSH_TIMEOUT = 50.0  # seconds: before the next minute's flush comes
PACK_SECONDS = 1800.0  # a run begins no further day after that; the next night goes on, oldest first


@shared_task(name="stats.flush", expires=55, ignore_result=True)
def flush(shard: int) -> None:
    """Asks the engine of a shard to write the ended minutes to their files.

    Raises EngineError where the engine does not answer or cannot write; what is pending stays and is written by the
    next flush.
    """
    lag = time.time() % 60
    report: dict[str, Any] = ask(shard, {"type": "engine.flush", "lag": lag}, FLUSH_TIMEOUT)
    store_last_uses({key_id: LastUse(at, address) for key_id, at, address in report["keys_used"]})


@shared_task(name="stats.pack", expires=3600, ignore_result=True)
def pack(shard: int) -> None:
    """Packs what is due of a shard's accounts and removes what is past their retention, for up to `PACK_SECONDS`."""
    tend(settings.DATTSS_DATA / "stats", shard=shard, seconds=PACK_SECONDS)


@shared_task(name="stats.erase_closed", expires=3600, ignore_result=True)
def erase(shard: int) -> None:
    """Erases the accounts of a shard that were closed and that nobody can open again."""
    erase_closed(shard, timezone.now())
