"""Conditions tried on what real files have, on days when clocks change too."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.conditions import Above, Below, Condition, StoppedWorking, UnlikeTypical
from alerts.trial import past_of, trial
from stats import history
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.lines import of_rows
from stats.storage.packed import pack_day
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer
from tests.stats.one_sketch import sketch_of

ORDERS, VISITS = Stat(1, "api", "c", "orders"), Stat(1, "api", "c", "visits")
BERLIN = ZoneInfo("Europe/Berlin")


def at(day: date, hour: int, minute: int = 0) -> int:
    """Minutes since the epoch of a wall-clock time in Berlin."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN).timestamp()) // 60


def write(root: Path, stat: Stat, values: dict[int, float]) -> None:
    rows = (MinuteRow(*stat, minute, aggregate(values[minute])) for minute in sorted(values))
    Writer(root).write(of_rows(rows))


def aggregate(number: float, skt: str = "") -> Aggregate:
    return Aggregate(number, 1, number, number, number, number, number, number, skt)


def week_before(day: date, usual: float) -> dict[int, float]:
    """Ten minutes from ten o'clock of each of the days before."""
    days = [day - timedelta(days=back) for back in range(1, 8)]
    return {at(one, 10, minute): usual for one in days for minute in range(10)}


def fired(root: Path, condition: Condition, span: tuple[int, int]) -> list[int]:
    """After how many minutes of the span."""
    found = trial(root, ORDERS, condition, BERLIN, span)
    return [alarm.fired.at // 60 - span[0] for alarm in found.alarms]


def test_a_limit_on_what_the_files_have(tmp_path: Path) -> None:
    day = date(2026, 11, 18)
    write(tmp_path, ORDERS, {at(day, 10, minute): value for minute, value in enumerate([5, 11, 12, 13, 5])})
    span = (at(day, 10), at(day, 10, 30))
    assert fired(tmp_path, Above(limit=10), span) == [2]
    assert fired(tmp_path, Above(limit=10, minutes=3), span) == [4]


def test_a_counter_is_zero_where_its_process_has_other_values_and_only_there(tmp_path: Path) -> None:
    day = date(2026, 11, 18)
    write(tmp_path, ORDERS, {at(day, 10): 50})
    write(tmp_path, VISITS, {at(day, 10, minute): 7 for minute in (0, 1, 2, 6, 7)})
    span = (at(day, 10), at(day, 10, 10))
    past = past_of(tmp_path, ORDERS, Below(limit=5), BERLIN, span).observations(Below(limit=5))
    assert [seen.known for seen in past] == [
        "value", "quiet", "quiet", "away", "away", "away", "quiet", "quiet", "away", "away",
    ]  # fmt: skip
    assert [seen.value for seen in past] == [50, 0, 0, None, None, None, 0, 0, None, None]
    assert fired(tmp_path, Below(limit=5, minutes=2), span) == [3]


def test_packed_days_are_the_past_too(tmp_path: Path) -> None:
    day = date(2026, 10, 1)
    write(tmp_path, ORDERS, {at(day, 10, minute): 20 for minute in range(5)})
    assert pack_day(tmp_path, 1, day) is not None
    assert fired(tmp_path, Above(limit=10), (at(day, 9, 55), at(day, 10, 5))) == [6]


def test_a_percentile_is_that_of_the_minutes_sketch(tmp_path: Path) -> None:
    start = at(date(2026, 11, 18), 10)
    stat = Stat(1, "api", "ms", "query")
    slow = Aggregate(1100, 2, 1000, 100, 100, 1000, 100, 1000, sketch_of([100, 1000]))
    Writer(tmp_path).write(of_rows([MinuteRow(*stat, start, slow), MinuteRow(*stat, start + 1, aggregate(2000))]))
    condition = Above(limit=500, measure="p99.9")
    low, unknown = past_of(tmp_path, stat, condition, BERLIN, (start, start + 2)).observations(condition)
    assert low.value is not None
    assert 99 < low.value < 101  # of two values, the one at the place 0.999, rounded down
    assert unknown.value is None


def test_what_is_usual_is_that_of_each_day_and_the_same_as_on_the_plot(tmp_path: Path) -> None:
    """On 25 October 2026 clocks go back in Berlin."""
    day = date(2026, 10, 25)
    write(tmp_path, ORDERS, week_before(day + timedelta(days=1), 100) | {at(day, 10, minute): 5 for minute in range(9)})
    condition = UnlikeTypical(minutes=5)
    span = (at(day, 0), at(day + timedelta(days=1), 11))
    past = past_of(tmp_path, ORDERS, condition, BERLIN, span).observations(condition)
    assert fired(tmp_path, condition, span) == [11 * 60 + 5]
    for one in (day, day + timedelta(days=1)):
        shown = history.day(tmp_path, ORDERS, history.View(one, BERLIN, 1))
        place = (at(one, 10) * 60 - shown.start) // 60
        point, typical = shown.typical[place], past[at(one, 10) - span[0]].typical
        assert point is not None
        assert typical is not None
        assert (typical.low, typical.mid, typical.high) == (point["low"], point["mid"], point["high"])


def test_usual_gaps_are_those_of_the_weeks_before(tmp_path: Path) -> None:
    day = date(2026, 11, 18)
    write(tmp_path, ORDERS, {at(day, 10) - ago: 1 for ago in range(0, 15 * 1440, 3)})
    write(tmp_path, VISITS, {at(day, 10) + ago: 1 for ago in range(30)})
    assert fired(tmp_path, StoppedWorking(), (at(day, 9, 55), at(day, 10, 30))) == [5 + 1 + 3 + 5]
