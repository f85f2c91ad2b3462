"""DaTtSs: see what your program does. `dattss.agg('query', '153ms')`, or `dts = dattss.process('api')` for several."""

from __future__ import annotations

import sys

from dattss.default import default_process, main_process, stop_default
from dattss.excepthook import install_excepthook
from dattss.handler import LoggingHandler
from dattss.tracker import Process, process
from dattss.transport import VERSION

__all__ = [
    "LoggingHandler",
    "Process",
    "__version__",
    "agg",
    "error",
    "install_excepthook",
    "process",
    "start",
    "stop",
    "warning",
]

__version__ = VERSION


def agg(name: str, value: str) -> None:
    """`Process.agg` of a process with all settings from the environment."""
    default_process().agg(name, value)


def error(what: object = None, *args: object) -> None:
    """`Process.error` of the first process that the program has made, else of that of `dattss.agg`."""
    main_process().tell("error", what, args, sys._getframe(1))


def warning(what: object = None, *args: object) -> None:
    """`Process.warning`, as `error`."""
    main_process().tell("warning", what, args, sys._getframe(1))


def start() -> None:
    """`Process.start` of the process that `dattss.agg` counts for."""
    default_process().start()


def stop(timeout: float = 2.0) -> bool:
    """`Process.stop` of the process that `dattss.agg` counts for."""
    return stop_default(timeout)
