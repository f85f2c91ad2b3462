"""`import dattss.django; dattss.django.install()`, in settings or `wsgi.py`: exceptions that views do not catch."""

from __future__ import annotations

import sys
from typing import Any

from django.core.signals import got_request_exception

from dattss.default import main_process
from dattss.tracker import Process


def install(process: Process | None = None) -> None:
    """Tells of them as errors of `process`, else of the first process that the program has made. The second call does
    nothing."""

    def tell(**_: Any) -> None:
        """For `got_request_exception`, which names no exception: it is the one being handled."""
        exception = sys.exc_info()[1]
        if exception is not None:
            (process or main_process()).caught(exception, "django.request")

    got_request_exception.connect(tell, weak=False, dispatch_uid="dattss")
