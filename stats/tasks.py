"""What Celery runs for the stats: the flush of each minute."""

import time
from typing import Any

from celery import shared_task

from accounts.keys import store_last_used
from stats.engine_call import ask

FLUSH_TIMEOUT = 50.0  # seconds: before the next minute's flush comes


@shared_task(name="stats.flush", expires=55, ignore_result=True)
def flush(shard: int) -> None:
    """Asks the engine of a shard to write the ended minutes to their files.

    Raises EngineError where the engine does not answer or cannot write; what is pending stays and is written by the
    next flush.
    """
    lag = time.time() % 60
    report: dict[str, Any] = ask(shard, {"type": "engine.flush", "lag": lag}, FLUSH_TIMEOUT)
    store_last_used(dict(report["keys_used"]))
