"""Exceptions that nobody has caught, in the main thread and in others. How the program dies is left as it is."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from dattss.default import main_process
from dattss.tracker import Process


class _Hook:
    """Tells, then calls the hook that was there before."""

    def __init__(self, process: Process | None) -> None:
        self._process = process
        self._before = sys.excepthook
        self._before_in_threads = threading.excepthook

    def of_program(self, kind: type[BaseException], exception: BaseException, stack: TracebackType | None) -> None:
        """For `sys.excepthook`."""
        try:
            self._tell(exception)
        finally:
            self._before(kind, exception, stack)

    def of_thread(self, args: threading.ExceptHookArgs) -> None:
        """For `threading.excepthook`."""
        try:
            self._tell(args.exc_value)
        finally:
            self._before_in_threads(args)

    def _tell(self, exception: BaseException | None) -> None:
        if isinstance(exception, Exception):  # not Ctrl-C, not the end of a thread by SystemExit
            (self._process or main_process()).caught(exception)


def install_excepthook(process: Process | None = None) -> None:
    """Tells of exceptions that nobody catches, as errors of `process`, else of the first process that the program has
    made. Chains to the hooks that are there. The second call does nothing."""
    if isinstance(getattr(sys.excepthook, "__self__", None), _Hook):
        return
    hook = _Hook(process)
    sys.excepthook = hook.of_program
    threading.excepthook = hook.of_thread
