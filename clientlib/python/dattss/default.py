"""The process of a program that does not name one at each call."""

from __future__ import annotations

import threading

from dattss.tracker import Process, first_made, process

_default: Process | None = None
_making = threading.RLock()  # a signal handler may count for the first time while the program does


def default_process() -> Process:
    """The process with all settings from the environment, of which there is one."""
    global _default  # noqa: PLW0603 - the one process of module-level agg()
    if _default is not None:
        return _default
    with _making:
        if _default is None:
            made = process()
            _default = _default or made
        return _default


def main_process() -> Process:
    """Whose errors are those of the program: the process that was made first, be it the default one."""
    return first_made() or default_process()


def stop_default(timeout: float) -> bool:
    """Stops the default process, if there is one."""
    return _default is None or _default.stop(timeout)
