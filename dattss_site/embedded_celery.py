"""Celery's worker and beat in threads of this process, on `memory://`: for one process that does everything."""

import logging
import threading

from celery.beat import EmbeddedService
from celery.worker import WorkController, state
from django.conf import settings

from dattss_site.celery import app

log = logging.getLogger("dattss.celery")

STOP_SECONDS = 10.0
_CONCURRENCY = 4


class EmbeddedCelery:
    """Start it in a thread, stop it in a thread; tasks that run when it stops are waited for."""

    def __init__(self) -> None:
        self._worker = WorkController(
            app=app,
            pool="threads",
            concurrency=_CONCURRENCY,
            hostname="embedded",
            queues=[f"shard-{settings.DATTSS_SHARD}", app.conf.task_default_queue],
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._worker_thread = threading.Thread(target=self._worker.start, name="celery-worker", daemon=True)
        self._beat = EmbeddedService(app, thread=True)

    def start(self) -> None:
        """Begins to work and to beat."""
        self._worker_thread.start()
        self._beat.daemon = True
        self._beat.start()

    def stop(self) -> None:
        """Ends both; gives running tasks up to `STOP_SECONDS`."""
        self._beat.stop()
        state.should_stop = 0
        self._worker_thread.join(STOP_SECONDS)
        if self._worker_thread.is_alive():
            log.warning("Celery's worker did not stop within %.0f s.", STOP_SECONDS)
