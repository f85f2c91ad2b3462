"""DaTtSs: see what your program does. `dattss.agg('query', '153ms')`, or `dts = dattss.process('api')` for several."""

from __future__ import annotations

import threading

from dattss.tracker import Process, process
from dattss.transport import VERSION

__all__ = ["Process", "__version__", "agg", "process", "start", "stop"]

__version__ = VERSION

_default: Process | None = None
_making = threading.Lock()


def agg(name: str, value: str) -> None:
    """`Process.agg` of a process with all settings from the environment."""
    (_default or _the_default()).agg(name, value)


def start() -> None:
    """`Process.start` of the process that `dattss.agg` counts for."""
    (_default or _the_default()).start()


def stop(timeout: float = 2.0) -> bool:
    """`Process.stop` of the process that `dattss.agg` counts for."""
    return _default is None or _default.stop(timeout)


def _the_default() -> Process:
    global _default  # noqa: PLW0603 - the one process of module-level agg()
    with _making:
        if _default is None:
            _default = process()
        return _default
