"""Row `history`: today and the week of a stat, 8 days of 1440 lines, without sketches, with them, and with quantiles
asked for: the first time, again, and a minute later."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import child
from benchmarks.report import Bar, Line, middle

if TYPE_CHECKING:
    from stats.aggregation.partial import MinuteRow

_DAY = 1440
_DAYS = 8
_BUSIEST = ("api", "query")  # a timer of the demo
_MOST_VALUES = 300  # of a minute that has a sketch: it has some 60 buckets
_VARIANTS = (("", False, None), (" with sketches", True, None), (" with sketches, 2 quantiles", True, "0.5,0.99"))


def measure(rounds: int = 5) -> list[Line]:
    """Each round asks in a process of its own."""
    lines = []
    for name, sketches, shares in _VARIANTS:
        with TemporaryDirectory(prefix="dattss-bench-") as folder:
            child.call("benchmarks.history:write", root=folder, sketches=sketches)
            found = [child.call("benchmarks.history:ask", root=folder, shares=shares) for _ in range(rounds)]
        lines += _lines(f"today and week of a stat{name}", *zip(*found, strict=True))
    return lines


def _lines(what: str, cold: list[float], warm: list[float], later: list[float]) -> list[Line]:
    note = "new process, files in the page cache"
    return [
        middle(f"{what}, cold", "ms", list(cold), bar=Bar("ours", 25), note=note),
        middle(f"{what}, warm", "ms", list(warm), bar=Bar("ours", 3)),
        middle(f"{what}, after another minute", "ms", list(later)),
    ]


def _last_minute() -> int:
    return int(time.time() // 60 // _DAY * _DAY) + _DAY - 2


def write(root: str, *, sketches: bool) -> None:
    """Demo minutes of 8 whole days."""
    from stats import demo  # noqa: PLC0415
    from stats.storage.lines import of_rows  # noqa: PLC0415
    from stats.storage.prt_writer import Writer  # noqa: PLC0415

    end = _last_minute()
    start = end // _DAY * _DAY - (_DAYS - 1) * _DAY
    busiest = (row for row in demo.minutes(1, start, end, 1) if (row.process, row.name) == _BUSIEST)
    Writer(Path(root)).write(of_rows(_with_sketches(busiest) if sketches else busiest))


def _with_sketches(rows: "Iterator[MinuteRow]") -> "Iterator[MinuteRow]":
    """The rows with values of the same average, and the sketches of these."""
    import numpy as np  # noqa: PLC0415
    from dattss import sketch  # noqa: PLC0415

    random = np.random.default_rng(1)
    for row in rows:
        one = row.aggregate
        values = sorted(random.lognormal(0, 0.5, min(one.cnt, _MOST_VALUES)) * one.sum / one.cnt)
        counts: sketch.Counts = {}
        sketch.count_sorted(counts, values, [1] * len(values))
        changed = one._replace(cnt=len(values), min=values[0], max=values[-1], skt=sketch.encode(counts))
        yield row._replace(aggregate=changed)


def ask(root: str, shares: str | None) -> tuple[float, float, float]:
    """Milliseconds of the first answer, of another, and of one after a line was added to today's file."""
    from stats import history  # noqa: PLC0415
    from stats.storage.paths import Stat  # noqa: PLC0415

    stat = Stat(1, "api", "ms", "query")
    now = _last_minute() * 60.0
    shown = history.view(date=dt.datetime.fromtimestamp(now, dt.UTC).date().isoformat(), q=shares, now=now)
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
