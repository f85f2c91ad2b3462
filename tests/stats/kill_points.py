"""Packs, unpacks and removes a day again and again, each time killed one step later, and looks at what is left.

    python -m tests.stats.kill_points FOLDER pack|pack-late|unpack|remove

A step is what Python's audit events tell of: a file opened, renamed or removed, a folder made, listed or removed.
Prints how many kills there were; an AssertionError ends it where a day is not there exactly once.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import date
from enum import Enum
from pathlib import Path

from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage import paths
from stats.storage.lines import of_rows
from stats.storage.packed import pack_day, read_stat, remove_day, unpack_day
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer

DAY = date(2026, 9, 7)
MIDNIGHT = (DAY.toordinal() - date(1970, 1, 1).toordinal()) * 1440
NAMES = ("new", "old")


class Work(Enum):
    """What is killed."""

    PACK = "pack"
    PACK_LATE = "pack-late"  # with what was packed before
    UNPACK = "unpack"
    REMOVE = "remove"


STEPS = {Work.PACK: 15, Work.PACK_LATE: 15, Work.UNPACK: 15, Work.REMOVE: 5}  # at least as many kills are expected


def main(folder: Path, work: Work) -> int:
    """How many kills there were until the work was done before its time."""
    expected = _prepare(folder, work)
    kills = 0
    while killed(lambda: _do(folder, work), kills):
        _check(folder, work, expected)
        kills += 1
        _prepare(folder, work)
    return kills


def _prepare(root: Path, work: Work) -> dict[int, float]:
    """Writes the day anew; returns the sum of each of its minutes."""
    shutil.rmtree(root)
    root.mkdir()
    _write(root, {600: 1.0, 601: 2.0})
    if work is Work.PACK:
        return {600: 1.0, 601: 2.0}
    pack_day(root, 1, DAY)
    _write(root, {601: 4.0, 602: 8.0})
    if work is Work.UNPACK:
        pack_day(root, 1, DAY)
    return {600: 1.0, 601: 6.0, 602: 8.0}


def _write(root: Path, minutes: dict[int, float]) -> None:
    for name in NAMES:
        Writer(root).write(of_rows(_row(name, minute, value) for minute, value in minutes.items()))


def _row(name: str, minute: int, value: float) -> MinuteRow:
    one = Aggregate(value, 1, value, value, value, value, value, value)
    return MinuteRow(1, "api", "c", name, MIDNIGHT + minute, one)


def _do(root: Path, work: Work) -> None:
    does: Callable[[Path, int, date], object] = pack_day
    if work is not Work.PACK and work is not Work.PACK_LATE:
        does = unpack_day if work is Work.UNPACK else remove_day
    does(root, 1, DAY)


def killed(act: Callable[[], object], step: int) -> bool:
    """Whether a process that does it is killed when it takes its step number `step`."""
    child = os.fork()
    if not child:
        left = iter(range(step))

        def kill(event: str, _: object) -> None:
            if event != "os.kill" and event.startswith(("os.", "open", "fcntl.")) and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status == signal.SIGKILL


def _check(root: Path, work: Work, expected: dict[int, float]) -> None:
    if work is Work.REMOVE:
        for name in NAMES:
            assert _minutes(root, name) in (expected, {600: 1.0, 601: 2.0}, {601: 4.0, 602: 8.0}, {}), name
        remove_day(root, 1, DAY)
        assert not list((root / "1").iterdir())
        return
    for name in NAMES:
        assert _minutes(root, name) == expected, (name, _minutes(root, name))
    pack_day(root, 1, DAY)
    for name in NAMES:
        assert _minutes(root, name) == expected, (name, _minutes(root, name))
    unpack_day(root, 1, DAY)
    for name in NAMES:
        assert _minutes(root, name) == expected, (name, _minutes(root, name))
    assert [path.name for path in (root / "1").iterdir()] == [paths.day_name(DAY)]


def _minutes(root: Path, name: str) -> dict[int, float]:
    table = read_stat(root, Stat(1, "api", "c", name), DAY)
    return dict(zip(table.minutes.tolist(), table.columns[0].tolist(), strict=True))


if __name__ == "__main__":
    print(json.dumps({"kills": main(Path(sys.argv[1]), Work(sys.argv[2]))}))
