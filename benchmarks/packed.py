"""Row `packed`: bytes that a minute of a stat takes in a packed day, and how fast a stat is read from it."""

import time
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from dattss import sketch
from dattss.fold import Interval

from benchmarks.report import Bar, Line, middle
from stats import demo
from stats.aggregation.partial import MinuteRow
from stats.storage.lines import of_rows
from stats.storage.packed import pack_day, read_stat
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer

_DAY = date(2026, 9, 7)
_FIRST = (_DAY.toordinal() - date(1970, 1, 1).toordinal()) * demo.MINUTES
_BUSIEST = Stat(1, "api", "ms", "query")
_INTERVALS = 12  # commits a minute, a sketch each


def measure(rounds: int = 5) -> list[Line]:
    """A day of the demo's shop, once as it is and once with the sketches that Python clients would have sent."""
    rows = list(demo.minutes(1, _FIRST, _FIRST + demo.MINUTES, 1))
    plain = _packed(rows, rounds)
    return [*plain, *_packed(_sketched(rows), rounds, ", timers with sketches", bar=None)]


def _packed(
    rows: Iterable[MinuteRow],
    rounds: int,
    what: str = "",
    bar: Bar | None = Bar("ours", 12),  # noqa: B008  (frozen)
) -> list[Line]:
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        root = Path(folder)
        minutes = Writer(root).write(of_rows(rows)).written
        report = pack_day(root, 1, _DAY)
        assert report is not None
        note = f"{report.plain_bytes / minutes:.1f} bytes as lines"
        return [
            Line(f"packed day, per stat-minute{what}", "byte", report.packed_bytes / minutes, bar=bar, note=note),
            middle(f"a stat of a packed day is read{what}", "ms", [_read(root) for _ in range(rounds)]),
        ]


def _read(root: Path) -> float:
    begun = time.perf_counter()
    table = read_stat(root, _BUSIEST, _DAY)
    assert len(table.minutes) == demo.MINUTES
    return (time.perf_counter() - begun) * 1000


def _sketched(rows: Iterable[MinuteRow]) -> Iterator[MinuteRow]:
    """The rows, timers with a minute's merged sketch of as many values between the same bounds."""
    draw = Random(1)
    for row in rows:
        yield row if row.kind != "ms" else row._replace(aggregate=row.aggregate._replace(skt=_sketch(row, draw)))


def _sketch(row: MinuteRow, draw: Random) -> str:
    one = row.aggregate
    middle_value = max(one.sum / one.cnt, 1.0)
    texts = []
    for share in range(_INTERVALS):
        count = one.cnt // _INTERVALS + (share < one.cnt % _INTERVALS)
        values = [min(max(draw.lognormvariate(0, 0.5) * middle_value, one.min), one.max) for _ in range(count)]
        interval = Interval()
        interval.add_texts("x", [f"{value:.0f}ms" for value in values])
        texts += [str(partial["skt"]) for partial in interval.take()["ms"] if "skt" in partial]
    return sketch.merge(texts) if texts else ""
