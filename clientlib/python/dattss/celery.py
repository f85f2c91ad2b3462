"""`import dattss.celery; dattss.celery.install()`, in the module of the Celery application: tasks that fail."""

from __future__ import annotations

from typing import Any

from celery.signals import task_failure, worker_process_shutdown

from dattss.default import main_process
from dattss.tracker import Process


def install(process: Process | None = None) -> None:
    """Tells of them as errors of `process`, else of the first process that the program has made, and delivers what is
    left when a worker process ends. The second call does nothing."""

    def tell(sender: Any = None, exception: Any = None, **_: Any) -> None:
        """For `task_failure`; what a task declares in `throws` is no error."""
        expected = tuple(getattr(sender, "throws", None) or ())
        if isinstance(exception, BaseException) and not isinstance(exception, expected):
            (process or main_process()).caught(exception, f"celery.{getattr(sender, 'name', 'task')}")

    def deliver(**_: Any) -> None:
        """For the end of a worker process, which would take its last values along."""
        (process or main_process()).stop()

    task_failure.connect(tell, weak=False, dispatch_uid="dattss")
    worker_process_shutdown.connect(deliver, weak=False, dispatch_uid="dattss")
