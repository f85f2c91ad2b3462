"""Row `history`: today and the week of a stat, 8 days of 1440 lines: the first time, again, and a minute later."""

import datetime as dt
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import child
from benchmarks.report import Bar, Line, middle

_DAY = 1440
_DAYS = 8
_BUSIEST = ("api", "query")  # a timer of the demo


def measure(rounds: int = 5) -> list[Line]:
    """Each round asks in a process of its own."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        child.call("benchmarks.history:write", root=folder)
        found = [child.call("benchmarks.history:ask", root=folder) for _ in range(rounds)]
    cold, warm, later = ([one[index] for one in found] for index in range(3))
    return [
        middle(
            "today and week of a stat, cold",
            "ms",
            cold,
            bar=Bar("ours", 25),
            note="new process, files in the page cache",
        ),
        middle("today and week of a stat, warm", "ms", warm, bar=Bar("ours", 3)),
        middle("today and week of a stat, after another minute", "ms", later),
    ]


def _last_minute() -> int:
    return int(time.time() // 60 // _DAY * _DAY) + _DAY - 2


def write(root: str) -> None:
    """Demo minutes of 8 whole days."""
    from stats import demo  # noqa: PLC0415
    from stats.storage.lines import of_rows  # noqa: PLC0415
    from stats.storage.prt_writer import Writer  # noqa: PLC0415

    end = _last_minute()
    start = end // _DAY * _DAY - (_DAYS - 1) * _DAY
    busiest = (row for row in demo.minutes(1, start, end, 1) if (row.process, row.name) == _BUSIEST)
    Writer(Path(root)).write(of_rows(busiest))


def ask(root: str) -> tuple[float, float, float]:
    """Milliseconds of the first answer, of another, and of one after a line was added to today's file."""
    from stats import history  # noqa: PLC0415
    from stats.storage.paths import Stat  # noqa: PLC0415

    stat = Stat(1, "api", "ms", "query")
    now = _last_minute() * 60.0
    shown = history.view(date=dt.datetime.fromtimestamp(now, dt.UTC).date().isoformat(), now=now)
    times = []
    for add in (False, False, True):
        if add:
            file = max(Path(root).glob("1/*/api/ms_query.prt"))
            file.write_bytes(file.read_bytes() + b"23:59,153,1,153,153,153,153,153,153\n")
        begun = time.perf_counter()
        day = history.day(Path(root), stat, shown)
        times.append((time.perf_counter() - begun) * 1000)
        assert any(day.today)
        assert any(day.week)
        if add:
            file.write_bytes(file.read_bytes().rpartition(b"23:59,")[0])
    return times[0], times[1], times[2]
