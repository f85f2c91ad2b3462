"""Memory and processor time of this very process."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

_STATM = Path("/proc/self/statm")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_resource = _module("resource")  # not on Windows
_psutil = None if _STATM.exists() else _module("psutil")  # an extra; /proc tells the same and costs no import


def resident_bytes() -> int | None:
    """Resident memory in bytes. From /proc, else psutil, else the peak so far (macOS without psutil), else None."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass  # no /proc here: the next source is asked
    if _psutil is not None:
        return int(_psutil.Process().memory_info().rss)
    if _resource is None:
        return None
    peak: int = _resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class ProcessorTime:
    """Per cent of one core that this process used since it was last asked."""

    def __init__(self, now: float) -> None:
        self._at = now
        self._used = time.process_time()

    def percent(self, now: float) -> float:
        """`now` is monotonic, seconds. 150 is one and a half cores."""
        used = time.process_time()
        passed = now - self._at
        share = 100.0 * (used - self._used) / passed if passed > 0 else 0.0
        self._at, self._used = now, used
        return round(share, 2)
