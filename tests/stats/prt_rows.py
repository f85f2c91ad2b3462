"""Rows of `.prt` files for tests: minutes of Monday, 16 November 2026, and how a flush brings them into files."""

from collections.abc import Iterable
from pathlib import Path

from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.lines import of_rows
from stats.storage.prt_outcome import WriteReport
from stats.storage.prt_writer import Writer

MIDNIGHT = 20773 * 1440  # the first minute of the day, UTC
FILE = "1/2026-W47_1/api/c_new.prt"


def count(value: float = 3.0, times: int = 1) -> Aggregate:
    return Aggregate(value * times, times, value, value, value, value, value, value)


def row(minute: int, value: float = 3.0, *, name: str = "new", process: str = "api", account: int = 1) -> MinuteRow:
    return MinuteRow(account, process, "c", name, MIDNIGHT + minute, count(value))


def minutes_in(path: Path) -> list[str]:
    return [line[:5] for line in path.read_text().splitlines()]


def add(writer: Writer, rows: Iterable[MinuteRow]) -> WriteReport:
    """What a flush does: merge with what is there, then write."""
    merged = writer.merged(of_rows(rows))
    report = writer.write(merged.lines)
    report.cut += merged.cut
    report.refused += merged.refused
    return report
