"""Today, week and typical: right in every zone, on days when clocks change, and never older than the files."""

import math
import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats import history
from stats.aggregation.localday import local_day
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.history import HistoryError, Points
from stats.storage.lines import of_rows
from stats.storage.paths import BadNameError, Stat, prt_path
from stats.storage.prt import format_line
from stats.storage.prt_writer import Writer

NEW = Stat(1, "api", "c", "new")
QUERY = Stat(1, "api", "ms", "query")
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
EXACT = ("sum", "cnt", "max", "min", "fst", "lst")

ZONES_AND_DAYS = [
    ("UTC", date(2026, 11, 18)),
    ("Asia/Kathmandu", date(2026, 11, 18)),
    ("Pacific/Kiritimati", date(2026, 11, 18)),
    ("Pacific/Pago_Pago", date(2026, 11, 18)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Europe/Berlin", date(2026, 10, 28)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/New_York", date(2026, 3, 10)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 8)),
    ("Africa/Cairo", date(2026, 4, 24)),
]

Minutes = dict[int, Aggregate]


def value(number: float, times: int = 1) -> Aggregate:
    return Aggregate(number * times, times, number, number, number, number, number, number)


def write(root: Path, minutes: Minutes, stat: Stat = NEW) -> None:
    Writer(root).write(of_rows(MinuteRow(*stat, minute, minutes[minute]) for minute in sorted(minutes)))


def at(day: str, clock: str, zone: str = "UTC", fold: int = 0) -> int:
    """Minutes since the epoch of a wall-clock time."""
    moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(moment.timestamp()) // 60


def shown(root: Path, stat: Stat = NEW, step: int = 60, tz: str = "UTC", day: date | None = None) -> history.DayHistory:
    view = history.view(date=day.isoformat() if day else None, step=step, tz=tz, now=NOON)
    return history.day(root, stat, view)


def filled(points: Points) -> dict[int, dict[str, float]]:
    return {place: point for place, point in enumerate(points) if point is not None}


# --- against a slow and simple reckoning ------------------------------------------------------------------------------
class Reckoning:
    """The same lists, minute by minute."""

    def __init__(self, minutes: Minutes, zone: str, day: date, step: int) -> None:
        self.minutes, self.zone, self.step = minutes, ZoneInfo(zone), step
        today = self.all_of(day)
        self.bins = [today[place : place + step] for place in range(0, len(today), step)]
        self.past = [self.first_by_clock(day - timedelta(days=back)) for back in range(7, 0, -1)]

    def clock(self, minute: int) -> datetime:
        return datetime.fromtimestamp(minute * 60, UTC).astimezone(self.zone)

    def all_of(self, day: date) -> list[int]:
        middle = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) // 60
        return [minute for minute in range(middle - 2000, middle + 2000) if self.clock(minute).date() == day]

    def first_by_clock(self, day: date) -> dict[str, int]:
        return {self.clock(minute).strftime("%H:%M"): minute for minute in reversed(self.all_of(day))}

    def of(self, minutes: list[int]) -> list[Aggregate]:
        return [self.minutes[minute] for minute in minutes if minute in self.minutes]

    def of_past(self, place: int) -> list[list[Aggregate]]:
        clocks = [self.clock(minute).strftime("%H:%M") for minute in self.bins[place]]
        days = [self.of([day[clock] for clock in clocks if clock in day]) for day in self.past]
        return [parts for parts in days if parts]


def exact(parts: list[Aggregate]) -> dict[str, float]:
    total, count = sum(part.sum for part in parts), sum(part.cnt for part in parts)
    return {
        "sum": total,
        "cnt": count,
        "max": max(part.max for part in parts),
        "min": min(part.min for part in parts),
        "fst": parts[0].fst,
        "lst": parts[-1].lst,
        "avg": total / count,
    }


def random_minutes(seed: int, zone: str, day: date) -> Minutes:
    rng = random.Random(seed)
    end = local_day(day, ZoneInfo(zone)).end
    chosen = rng.sample(range(end - 9 * 1440, end + 600), 1500)
    return {minute: value(rng.randint(1, 1000), rng.randint(1, 9)) for minute in chosen}


def assert_as_reckoned(root: Path, minutes: Minutes, zone: str, day: date, step: int) -> None:
    write(root, minutes)
    result = shown(root, step=step, tz=zone, day=day)
    reckoning = Reckoning(minutes, zone, day, step)
    assert len(result.today) == len(result.week) == len(result.typical) == len(reckoning.bins)
    for place, bin_minutes in enumerate(reckoning.bins):
        parts, days = reckoning.of(bin_minutes), reckoning.of_past(place)
        today, week, typical = result.today[place], result.week[place], result.typical[place]
        assert (today is None, week is None, typical is None) == (not parts, not days, len(days) < 3)
        if today is not None:
            assert today["t"] == bin_minutes[0] * 60
            assert today["bot"] >= today["min"]
            assert today["top"] <= today["max"]
            assert {field: today[field] for field in (*EXACT, "avg")} == pytest.approx(exact(parts))
        if week is not None:
            each = [exact(one) for one in days]
            mean = {field: sum(one[field] for one in each) / len(each) for field in EXACT}
            mean |= {"avg": exact([part for one in days for part in one])["avg"], "days": len(days)}
            assert {field: week[field] for field in mean} == pytest.approx(mean)
        if typical is not None:
            assert typical["low"] <= typical["mid"] <= typical["high"]
            assert typical["days"] == len(days)


@pytest.mark.parametrize("step", [7, 60])
@pytest.mark.parametrize(("zone", "day"), ZONES_AND_DAYS)
def test_every_zone_and_change_of_clocks_is_as_reckoned_by_hand(
    tmp_path: Path, zone: str, day: date, step: int
) -> None:
    assert_as_reckoned(tmp_path, random_minutes(step, zone, day), zone, day, step)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), step=st.integers(1, 60), where=st.sampled_from(ZONES_AND_DAYS))
def test_any_step_is_as_reckoned_by_hand(
    tmp_path_factory: pytest.TempPathFactory, seed: int, step: int, where: tuple[str, date]
) -> None:
    zone, day = where
    assert_as_reckoned(tmp_path_factory.mktemp("root"), random_minutes(seed, zone, day), zone, day, step)


# --- days -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 1380),
        ("Europe/Berlin", date(2026, 10, 25), 1500),
        ("America/New_York", date(2026, 3, 8), 1380),
        ("America/New_York", date(2026, 11, 1), 1500),
        ("Australia/Lord_Howe", date(2026, 4, 5), 1470),
        ("Australia/Lord_Howe", date(2026, 10, 4), 1410),
        ("Africa/Cairo", date(2026, 4, 24), 1380),
        ("Asia/Kathmandu", date(2026, 3, 29), 1440),
    ],
)
def test_a_day_has_as_many_minutes_as_it_lasts(tmp_path: Path, zone: str, day: date, minutes: int) -> None:
    assert len(shown(tmp_path, step=1, tz=zone, day=day).today) == minutes
    assert len(shown(tmp_path, step=50, tz=zone, day=day).today) == math.ceil(minutes / 50)


def test_a_day_that_a_zone_left_out_has_no_bins(tmp_path: Path) -> None:
    result = shown(tmp_path, tz="Pacific/Apia", day=date(2011, 12, 30))
    assert (result.today, result.week, result.typical) == ([], [], [])


def test_a_repeated_hour_is_compared_with_the_one_hour_of_other_days(tmp_path: Path) -> None:
    minutes = {at("2026-10-24", "02:30", "Europe/Berlin"): value(5)}
    minutes |= {at("2026-10-25", "02:30", "Europe/Berlin", fold): value(fold + 1) for fold in (0, 1)}
    write(tmp_path, minutes)
    result = shown(tmp_path, tz="Europe/Berlin", day=date(2026, 10, 25))
    assert {place: point["sum"] for place, point in filled(result.today).items()} == {2: 1, 3: 2}
    assert {place: point["sum"] for place, point in filled(result.week).items()} == {2: 5, 3: 5}


def test_an_hour_that_came_twice_counts_once_in_the_week(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-10-25", "02:30", "Europe/Berlin", fold): value(fold + 1) for fold in (0, 1)})
    result = shown(tmp_path, tz="Europe/Berlin", day=date(2026, 10, 26))
    assert {place: point["sum"] for place, point in filled(result.week).items()} == {2: 1}


def test_a_skipped_hour_has_no_bin(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-03-28", clock, "Europe/Berlin"): value(1) for clock in ("01:30", "02:30", "03:30")})
    result = shown(tmp_path, tz="Europe/Berlin", day=date(2026, 3, 29))
    assert sorted(filled(result.week)) == [1, 2]
    assert [point["t"] for point in filled(result.week).values()] == [
        at("2026-03-29", clock, "Europe/Berlin") * 60 for clock in ("01:00", "03:00")
    ]


def test_today_is_the_day_of_the_viewers_clock(tmp_path: Path) -> None:
    def starts(tz: str, now: float) -> int:
        return history.day(tmp_path, NEW, history.view(tz=tz, now=now)).start

    late = datetime(2026, 11, 18, 18, 30, tzinfo=UTC).timestamp()
    assert starts("UTC", late) == at("2026-11-18", "00:00") * 60
    assert starts("Asia/Kathmandu", late) == at("2026-11-19", "00:00", "Asia/Kathmandu") * 60
    assert starts("Pacific/Kiritimati", late) == at("2026-11-18", "10:00") * 60


# --- values -----------------------------------------------------------------------------------------------------------
def test_a_bin_merges_its_minutes_and_leaves_what_is_missing_out(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-11-18", "10:01"): value(3, 2), at("2026-11-18", "10:04"): value(10)})
    points = filled(shown(tmp_path, step=5).today)
    assert list(points) == [120]
    expected = {"t": at("2026-11-18", "10:00") * 60, "sum": 16, "cnt": 3, "avg": 5.33333333, "max": 10, "min": 3}
    assert points[120] | expected | {"fst": 3, "lst": 10} == points[120]


def test_a_minute_is_shown_as_its_line_says(tmp_path: Path) -> None:
    line = Aggregate(206.5, 2, 153.5, 53.0, 60.0, 140.0, 153.5, 53.0)
    write(tmp_path, {at("2026-11-18", "10:01"): line}, QUERY)
    point = shown(tmp_path, QUERY, step=5).today[120]
    assert point is not None
    assert [point[field] for field in ("sum", "cnt", "max", "min", "bot", "top", "fst", "lst")] == list(line[:8])


def test_a_day_without_values_is_not_a_zero_in_the_week(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-11-16", "10:00"): value(10, 3), at("2026-11-13", "10:30"): value(20)})
    week = filled(shown(tmp_path).week)
    assert list(week) == [10]
    assert (week[10]["days"], week[10]["sum"], week[10]["cnt"], week[10]["avg"]) == (2, 25, 2, 12.5)


def test_only_the_seven_days_before_make_the_week(tmp_path: Path) -> None:
    days = {"2026-11-10": 1, "2026-11-11": 2, "2026-11-17": 4, "2026-11-18": 8, "2026-11-19": 16}
    write(tmp_path, {at(day, "10:00"): value(number) for day, number in days.items()})
    week = shown(tmp_path).week[10]
    assert week is not None
    assert (week["sum"], week["days"]) == (3, 2)


@pytest.mark.parametrize(
    ("sums", "band"),
    [
        ([5, 7], None),
        ([5, 9, 7], (5, 7, 9)),
        ([5, 9, 7, 6], (5, 6.5, 9)),
        ([0, 10, 20, 30, 40, 50, 60], (6, 30, 54)),
    ],
)
def test_the_usual_band_needs_three_days(tmp_path: Path, sums: list[int], band: tuple[float, ...] | None) -> None:
    write(tmp_path, {at(f"2026-11-{17 - back}", "10:00"): value(number) for back, number in enumerate(sums)})
    typical = shown(tmp_path).typical[10]
    assert (typical and (typical["low"], typical["mid"], typical["high"])) == band


def test_the_band_is_of_what_the_plot_shows(tmp_path: Path) -> None:
    minutes = {at(f"2026-11-{day}", "10:00"): value(10, day) for day in (15, 16, 17)}
    write(tmp_path, minutes)
    write(tmp_path, minutes, QUERY)
    counter, timer = shown(tmp_path, NEW).typical[10], shown(tmp_path, QUERY).typical[10]
    assert counter is not None
    assert timer is not None
    assert (counter["mid"], timer["mid"]) == (160, 10)


# --- the same weekday -------------------------------------------------------------------------------------------------
WORKING, WEEKEND = 100, 10


def weeks(days: int, zone: str = "UTC", clock: str = "10:00") -> Minutes:
    """Orders of so many days before Wednesday, the 18th: each a little more than the day before, few at weekends."""
    past = [date(2026, 11, 18) - timedelta(days=back) for back in range(1, days + 1)]
    usual = {day: WEEKEND if day.weekday() >= 5 else WORKING for day in past}
    return {at(day.isoformat(), clock, zone): value(usual[day] + place / 100) for place, day in enumerate(past)}


def band_at_ten(root: Path, day: date, tz: str = "UTC") -> dict[str, float]:
    point = shown(root, day=day, tz=tz).typical[10]
    assert point is not None
    return point


def test_the_same_weekday_rules_once_there_are_four_weeks(tmp_path: Path) -> None:
    write(tmp_path, weeks(35))
    wednesday, saturday = (band_at_ten(tmp_path, date(2026, 11, day)) for day in (18, 14))
    assert wednesday["low"] >= WORKING
    assert wednesday["days"] == 10
    assert saturday["high"] < WEEKEND + 1


def test_before_that_all_days_count_alike(tmp_path: Path) -> None:
    write(tmp_path, weeks(27))
    band = band_at_ten(tmp_path, date(2026, 11, 18))
    assert band["low"] < WORKING
    assert band["days"] == 7


def test_a_weekday_without_values_is_not_a_zero(tmp_path: Path) -> None:
    minutes = weeks(30)
    del minutes[at("2026-11-04", "10:00")]
    write(tmp_path, minutes)
    band = band_at_ten(tmp_path, date(2026, 11, 18))
    assert band["low"] >= WORKING
    assert band["days"] == 9


def test_the_weekday_is_found_by_the_wall_clock_through_a_change_of_clocks(tmp_path: Path) -> None:
    write(tmp_path, weeks(30, "Europe/Berlin"))
    band = band_at_ten(tmp_path, date(2026, 11, 18), "Europe/Berlin")
    assert band["low"] >= WORKING
    assert band["days"] == 10


def test_what_alerts_compare_with_is_the_band_of_the_plot(tmp_path: Path) -> None:
    write(tmp_path, weeks(35))
    usual = history.usual(tmp_path, NEW, date(2026, 11, 18), ZoneInfo("UTC"))
    plot = shown(tmp_path, step=1, day=date(2026, 11, 18))
    band, mean = plot.typical[600], plot.week[600]
    assert band is not None
    assert mean is not None
    told = [usual.low[600], usual.mid[600], usual.high[600], usual.mean[600], usual.days[600]]
    assert told == [band["low"], band["mid"], band["high"], mean["sum"], 10]
    assert usual.days.sum() == 10


def test_a_late_minute_of_four_weeks_ago_is_seen_at_once(tmp_path: Path) -> None:
    write(tmp_path, weeks(27))
    assert band_at_ten(tmp_path, date(2026, 11, 18))["days"] == 7
    write(tmp_path, {at("2026-10-21", "10:00"): value(WORKING)})
    assert band_at_ten(tmp_path, date(2026, 11, 18))["days"] == 10


def test_the_largest_numbers_do_not_break_a_day(tmp_path: Path) -> None:
    huge = {at(f"2026-11-{day}", f"10:0{minute}"): value(1.7e308) for day in range(11, 19) for minute in range(3)}
    write(tmp_path, huge)
    result = shown(tmp_path)
    for points in (result.today, result.week, result.typical):
        point = points[10]
        assert point is not None
        assert all(map(math.isfinite, point.values()))


def test_damage_in_a_file_hides_no_more_than_itself(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-11-18", "10:00"): value(3)})
    path = prt_path(tmp_path, NEW, date(2026, 11, 18))
    path.write_bytes(b"garbage\n" + path.read_bytes() + b"10:01,3")
    assert list(filled(shown(tmp_path, step=1).today)) == [600]


# --- files that change ------------------------------------------------------------------------------------------------
def test_a_file_that_grows_is_seen_at_once(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for minute in range(3):
        writer.write(of_rows([MinuteRow(*NEW, at("2026-11-18", f"10:0{minute}"), value(1))]))
        assert shown(tmp_path).today[10]["sum"] == minute + 1  # type: ignore[index]


def test_a_late_minute_of_a_day_before_is_seen_at_once(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-11-17", "10:30"): value(1)})
    assert shown(tmp_path).week[10]["sum"] == 1  # type: ignore[index]
    write(tmp_path, {at("2026-11-17", "10:00"): value(1), at("2026-11-15", "10:00"): value(8)})
    assert shown(tmp_path).week[10]["sum"] == 5  # type: ignore[index]


def test_a_file_that_changed_without_growing_is_seen_at_once(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-11-18", "10:30"): value(1)})
    assert shown(tmp_path).today[10]["sum"] == 1  # type: ignore[index]
    path = prt_path(tmp_path, NEW, date(2026, 11, 18))
    status = path.stat()
    path.write_bytes(format_line(630, value(2)))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert shown(tmp_path).today[10]["sum"] == 2  # type: ignore[index]
    path.unlink()
    assert shown(tmp_path).today[10] is None


def test_stats_and_views_are_not_taken_for_each_other(tmp_path: Path) -> None:
    write(tmp_path, {at("2026-11-18", "10:30"): value(1)})
    assert len(shown(tmp_path, step=30).today) == 48
    assert len(shown(tmp_path, step=60).today) == 24
    assert filled(shown(tmp_path, Stat(2, "api", "c", "new")).today) == {}
    assert filled(shown(tmp_path / "other").today) == {}


# --- questions that make no sense -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "tz", ["", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000, "ü"]
)
def test_an_unknown_zone_is_refused_in_a_sentence(tz: str) -> None:
    with pytest.raises(HistoryError, match="tz must be"):
        history.view(tz=tz, now=NOON)


@pytest.mark.parametrize("step", ["0", "61", "-1", "5.0", "", "five", " 5", "5\n", "\u0665", 0, 61])
def test_a_wrong_step_is_refused_in_a_sentence(step: str | int) -> None:
    with pytest.raises(HistoryError, match="step must be"):
        history.view(step=step, now=NOON)


@pytest.mark.parametrize("day", ["", "today", "2026-13-01", "2026-02-30", "20261118", "2026-W47-1", "1999-12-31"])
def test_a_wrong_date_is_refused_in_a_sentence(day: str) -> None:
    with pytest.raises(HistoryError, match="date must be"):
        history.view(date=day, now=NOON)


def test_a_stat_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadNameError):
        shown(tmp_path, Stat(1, "..", "c", "new"))
