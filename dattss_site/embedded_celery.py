"""Celery's worker and beat in threads of this process, on `memory://`: for one process that does everything."""

import logging
import threading

from celery.beat import Scheduler, Service
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
        # It looks at its schedule each second, so that it can be stopped within one.
        self._beat = Service(app, max_interval=1, scheduler_cls=Scheduler)
        self._beat_thread = threading.Thread(target=self._beat.start, name="celery-beat", daemon=True)

    def start(self) -> None:
        """Begins to work and to beat."""
        self._worker_thread.start()
        self._beat_thread.start()

    def stop(self) -> None:
        """Ends both; gives running tasks up to `STOP_SECONDS`."""
        self._beat.stop(wait=True)
        state.should_stop = 0  # type: ignore[assignment]  # the exit status; None means to go on
        self._worker_thread.join(STOP_SECONDS)
        if self._worker_thread.is_alive():
            log.warning("Celery's worker did not stop within %.0f s.", STOP_SECONDS)
