"""What days of a stat tell: the cases as a table, the days as text, one sign an hour."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.findings import Growth, growth, silent_since
from stats.aggregation.partial import Kind
from stats.history import DayHistory, Point, Points

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 23)
ALL = "1" * 24
NONE = "." * 24


@dataclass(frozen=True)
class Band:
    """What is usual in each hour that is not `.` in `hours`."""

    low: float
    mid: float
    high: float
    hours: str = ALL


def history(today: str, band: Band | None, *, number: int = 0, kind: Kind = "c", zone: ZoneInfo = BERLIN) -> DayHistory:
    """A day: a digit is ten times that as the value of its hour, a `.` an hour without any."""
    start = int(datetime.combine(DAY + timedelta(days=number), time(), zone).timestamp())
    field = "sum" if kind == "c" else "avg"
    points: Points = [
        None if sign == "." else {"t": start + 3600 * hour, field: 10 * int(sign)} for hour, sign in enumerate(today)
    ]
    return DayHistory(start, 60, points, [], _band(start, band), None)


def _band(start: int, band: Band | None) -> list[Point | None]:
    if band is None:
        return [None] * 24
    return [
        None if sign == "." else {"t": start + 3600 * hour, "low": band.low, "mid": band.mid, "high": band.high}
        for hour, sign in enumerate(band.hours)
    ]


USUAL = Band(8, 10, 12)


@pytest.mark.parametrize(
    ("kind", "days", "band", "expected"),
    [
        pytest.param("c", [ALL], USUAL, None, id="as ever"),
        pytest.param("c", ["3" * 24], USUAL, Growth(720, 240), id="three times as much"),
        pytest.param("g", ["3" * 24], USUAL, Growth(30, 10), id="averages are not summed"),
        pytest.param("c", ["3" * 24], None, None, id="too young to tell"),
        pytest.param("c", [NONE], USUAL, None, id="nothing came"),
        pytest.param("c", ["2" * 24], Band(5, 10, 19), None, id="a little above a wide band"),
        pytest.param("c", ["1" * 24], Band(9, 9, 9), None, id="a little above a narrow band"),
        pytest.param("c", ["9" + "1" * 23], USUAL, None, id="one high hour"),
        pytest.param("c", ["." * 20 + "9..."], Band(8, 10, 12, "." * 20 + "1..."), Growth(90, 10), id="once a day"),
        pytest.param("c", ["9" * 12 + "1" * 12], Band(8, 10, 12, "." * 12 + "1" * 12), None, id="hours without a band"),
        pytest.param("c", ["3" * 24], Band(0, 0, 0), Growth(720, 0), id="nothing was usual"),
        pytest.param("g", ["0" * 24], Band(-30, -20, -10), None, id="negative, within half a width"),
        pytest.param("g", ["1" * 24], Band(-30, -20, -10), Growth(10, -20), id="negative, clearly above"),
        pytest.param("c", [ALL, "2" * 24, "5" * 24], USUAL, Growth(80 * 24, 30 * 24), id="a week that grows"),
    ],
)
def test_growth(kind: Kind, days: list[str], band: Band | None, expected: Growth | None) -> None:
    found = [history(day, band if number == 0 else None, number=number, kind=kind) for number, day in enumerate(days)]
    got = growth(kind, found, BERLIN)
    if expected is None:
        assert got is None
    else:
        assert got is not None
        assert [got.value, got.usual] == pytest.approx([expected.value, expected.usual])


@pytest.mark.parametrize(("growth", "percent"), [(Growth(30, 10), 200), (Growth(30, 0), None), (Growth(1, -2), None)])
def test_percent_is_of_what_is_usual(growth: Growth, percent: float | None) -> None:
    assert growth.percent == (percent if percent is None else pytest.approx(percent))


DAILY_AT_20 = "." * 20 + "1..."


@pytest.mark.parametrize(
    ("before", "days", "hours", "last"),
    [
        pytest.param(ALL, [ALL], ALL, None, id="speaks"),
        pytest.param(ALL, ["1" * 14 + "." * 10], ALL, (0, 13), id="stopped in the afternoon"),
        pytest.param(ALL, [NONE], ALL, (-1, 23), id="stopped at midnight"),
        pytest.param("1" * 9 + "." * 15, [NONE], ALL, None, id="was silent already"),
        pytest.param(ALL, ["1" * 9 + "." * 6 + "1" * 9], ALL, None, id="came back"),
        pytest.param(DAILY_AT_20, [DAILY_AT_20], DAILY_AT_20, None, id="a nightly job that ran"),
        pytest.param(DAILY_AT_20, [NONE], DAILY_AT_20, (-1, 20), id="a nightly job that did not run"),
        pytest.param(ALL, ["1" * 14 + "." * 10], NONE, None, id="too young to tell"),
        pytest.param(ALL, [ALL, ALL, "1" * 5 + "." * 19], ALL, (2, 4), id="in the middle of a week"),
        pytest.param(ALL, [ALL, NONE, ALL], ALL, None, id="a day without, in a week"),
    ],
)
def test_silence(before: str, days: list[str], hours: str, last: tuple[int, int] | None) -> None:
    band = Band(1, 2, 3, hours)
    day_before = history(before, band, number=-1)
    since = silent_since(day_before, [history(day, band, number=number) for number, day in enumerate(days)], BERLIN)
    expected = None
    if last is not None:
        day, hour = last
        expected = datetime.combine(DAY + timedelta(days=day), time(hour), BERLIN).timestamp()
    assert since == expected
