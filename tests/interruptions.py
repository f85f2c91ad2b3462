"""Signals that come at the worst moment: the handler of one runs between any two lines of the main thread, also of the
standard library's, and must not wait for what that thread holds."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from tests.server import wait_for

_SECONDS = 20.0  # in which all must have ended
_AGAIN_SECONDS = 0.5  # after which the second signal comes, for those whose moment did not


def survivors(work: Callable[[], object], within: str, moments: range) -> list[int]:
    """Runs `work` in a fork for each of the moments: it gets SIGTERM at the line with that number, counted in the
    function `within` and in what this calls of `threading`, and once more when it has come further than that. The
    moments at which it did not end."""
    forks = {moment: _fork(work, within, moment) for moment in moments}
    try:
        wait_for(lambda: all(map(_has_ended, forks.values())), _SECONDS, "all to end")
    except AssertionError:
        return [moment for moment, pid in forks.items() if not _has_ended(pid)]
    finally:
        for pid in forks.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return []


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _fork(work: Callable[[], object], within: str, moment: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM))
        again.daemon = True
        again.start()
        sys.settrace(_signalling(within, moment))
        work()
        os._exit(0)
    finally:
        os._exit(1)


def _signalling(within: str, moment: int) -> Callable[[FrameType, str, object], Any]:
    """For `sys.settrace`."""
    lines = 0

    def line(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        if lines == moment and event == "line":
            os.kill(os.getpid(), signal.SIGTERM)
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> Any:
        called = frame.f_back is not None and frame.f_back.f_trace is not None
        counts = frame.f_code.co_name == within or (called and frame.f_code.co_filename == threading.__file__)
        return line if counts else None

    return call
