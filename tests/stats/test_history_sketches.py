"""BOT, TOP and quantiles of a day's bins and of the day: from sketches where all minutes have them, within 1 % then."""

import math
import random
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats import history
from stats.aggregation.localday import local_day
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.history import DayHistory, HistoryError
from stats.storage.day_cache import DayCache
from stats.storage.lines import of_rows
from stats.storage.lru import Lru
from stats.storage.packed import pack_day
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer
from tests.stats.one_sketch import sketch_of

QUERY = Stat(1, "api", "ms", "query")
DAY = date(2026, 11, 18)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
MIDNIGHT = int(datetime(2026, 11, 18, tzinfo=UTC).timestamp()) // 60
SHARES = (0.0, 0.5, 0.99, 1.0)

Values = dict[int, list[float]]  # by minute since the epoch


def aggregate(values: list[float], text: str | None = None) -> Aggregate:
    """As a client has it that knows nothing of the values between: `bot` and `top` are far off."""
    low, high = min(values), max(values)
    skt = sketch_of(values) if text is None else text
    return Aggregate(sum(values), len(values), high, low, low, high, values[0], values[-1], skt)


def write(root: Path, minutes: dict[int, Aggregate]) -> None:
    rows = (MinuteRow(*QUERY, minute, minutes[minute]) for minute in sorted(minutes))
    Writer(root).write(of_rows(rows))


def shown(root: Path, step: int = 5, tz: str = "UTC", day: date = DAY, q: str | None = "0,0.5,0.99,1") -> DayHistory:
    return history.day(root, QUERY, history.view(date=day.isoformat(), step=step, tz=tz, q=q, now=NOON))


def some_values(rng: random.Random, count: int = 40) -> list[float]:
    """Two-peaked, so that an estimate from `min bot top max` is bad."""
    return [rng.lognormvariate(rng.choice([2, 6]), 0.3) for _ in range(count)]


def at_rank(values: list[float], share: float) -> float:
    return sorted(values)[int(Fraction(str(share)) * (len(values) - 1))]


def assert_told(point: history.Point, values: list[float]) -> None:
    cut = int(0.1 * len(values))
    ranked = sorted(values)
    assert point["q"] == pytest.approx([at_rank(values, share) for share in SHARES], rel=0.01)
    assert [point["bot"], point["top"]] == pytest.approx([ranked[cut], ranked[len(ranked) - 1 - cut]], rel=0.01)


# --- within 1 % -------------------------------------------------------------------------------------------------------
def assert_as_reckoned(root: Path, seed: int, zone: str, day: date, step: int) -> None:
    rng = random.Random(seed)
    today = local_day(day, ZoneInfo(zone))
    minutes: Values = {minute: some_values(rng, 12) for minute in rng.sample(range(today.start, today.end), 300)}
    write(root, {minute: aggregate(values) for minute, values in minutes.items()})
    result = shown(root, step, zone, day)
    everything: list[float] = []
    for place, point in enumerate(result.today):
        inside = range(today.start + place * step, min(today.start + (place + 1) * step, today.end))
        parts = [minutes[minute] for minute in inside if minute in minutes]
        everything += [value for part in parts for value in part]
        assert (point is None) == (not parts)
        if len(parts) > 1:
            assert point is not None
            assert_told(point, [value for part in parts for value in part])
    assert result.day is not None
    assert result.day["cnt"] == len(everything)
    assert_told(result.day, everything)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    step=st.integers(1, 60),
    where=st.sampled_from(
        [
            ("UTC", DAY),
            ("Europe/Berlin", date(2026, 3, 29)),
            ("Europe/Berlin", date(2026, 10, 25)),
            ("Australia/Lord_Howe", date(2026, 4, 5)),
            ("Asia/Kathmandu", DAY),
        ]
    ),
)
def test_bins_of_any_width_in_any_zone_are_within_one_per_cent(
    tmp_path_factory: pytest.TempPathFactory, seed: int, step: int, where: tuple[str, date]
) -> None:
    assert_as_reckoned(tmp_path_factory.mktemp("root"), seed, *where, step)


def test_a_day_that_a_zone_left_out_says_nothing(tmp_path: Path) -> None:
    left_out = date(2011, 12, 30)
    begin = local_day(left_out, ZoneInfo("Pacific/Apia")).start
    write(tmp_path, {minute: aggregate([1.0, 2.0]) for minute in range(begin - 90, begin + 90)})
    result = shown(tmp_path, tz="Pacific/Apia", day=left_out)
    assert (result.today, result.week, result.day) == ([], [], None)


def test_the_week_has_the_mean_of_its_days(tmp_path: Path) -> None:
    rng = random.Random(1)
    days = {back: [some_values(rng), some_values(rng)] for back in (1, 2, 5)}
    places = {back: MIDNIGHT - back * 1440 + 600 for back in days}
    write(tmp_path, {places[back] + n: aggregate(part) for back, parts in days.items() for n, part in enumerate(parts)})
    point = shown(tmp_path).week[120]
    assert point is not None
    each = [[at_rank(one + other, share) for share in SHARES] for one, other in days.values()]
    assert point["q"] == pytest.approx([sum(column) / 3 for column in zip(*each, strict=True)], rel=0.01)
    tops = [sorted(one + other)[79 - 8] for one, other in days.values()]
    assert point["top"] == pytest.approx(sum(tops) / 3, rel=0.01)


def test_an_hour_that_came_twice_is_merged_from_its_first_pass(tmp_path: Path) -> None:
    first = int(datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=0).timestamp()) // 60
    parts = [[1.0] * 9, [3.0] * 9, [200.0] * 9, [500.0] * 9, [7.0] * 9, [8.0] * 9]
    write(
        tmp_path,
        {first + minute: aggregate(part) for minute, part in zip((0, 1, 60, 61, 120, 121), parts, strict=True)},
    )
    week = shown(tmp_path, tz="Europe/Berlin", day=date(2026, 10, 26)).week
    assert (week[30] or {})["q"] == pytest.approx([1, 1, 3, 3], rel=0.01)
    assert (week[42] or {})["q"] == pytest.approx([7, 7, 8, 8], rel=0.01)


# --- where sketches are missing ---------------------------------------------------------------------------------------
def bin_of(root: Path, *parts: Aggregate) -> history.Point:
    write(root, {MIDNIGHT + 600 + place: part for place, part in enumerate(parts)})
    point = shown(root).today[120]
    assert point is not None
    return point


@pytest.mark.parametrize("other", ["", "nonsense", "2daM", sketch_of([1000.0] * 30)])
def test_a_bin_in_which_one_minute_has_none_is_estimated(tmp_path: Path, other: str) -> None:
    sound, doubtful = [1.0] * 90, [1000.0] * 40
    point = bin_of(tmp_path / "mixed", aggregate(sound), aggregate(doubtful, other))
    estimated = bin_of(tmp_path / "none", aggregate(sound, ""), aggregate(doubtful, ""))
    assert point == estimated
    assert point["q"] is None
    day = shown(tmp_path / "mixed").day
    assert day is not None
    assert day["q"] is None


def test_only_the_bins_and_weeks_with_such_a_minute_are(tmp_path: Path) -> None:
    rng = random.Random(2)
    whole, doubtful = [some_values(rng) for _ in range(4)], some_values(rng)
    spots = (MIDNIGHT + 600, MIDNIGHT + 601, MIDNIGHT - 1440 + 600, MIDNIGHT - 1440 + 660)
    minutes = {spot: aggregate(part) for spot, part in zip(spots, whole, strict=True)}
    minutes |= {spot: aggregate(doubtful, "") for spot in (MIDNIGHT + 700, MIDNIGHT - 2 * 1440 + 660)}
    write(tmp_path, minutes)
    result = shown(tmp_path)
    assert [None if point is None else point["q"] is not None for point in (*result.today[120:141:20],)] == [
        True,
        False,
    ]
    assert [None if point is None else point["q"] is not None for point in (*result.week[120:133:12],)] == [True, False]
    assert_told(result.today[120] or {}, whole[0] + whole[1])


def test_one_minute_alone_is_shown_as_its_line_says(tmp_path: Path) -> None:
    line = aggregate([float(number) for number in range(1, 101)])._replace(bot=10.5, top=90.5)
    point = bin_of(tmp_path, line)
    assert (point["bot"], point["top"]) == (10.5, 90.5)
    assert point["q"] == pytest.approx([1, 50, 99, 100], rel=0.01)


def test_without_a_question_there_is_no_answer(tmp_path: Path) -> None:
    write(tmp_path, {MIDNIGHT + 600: aggregate([1.0]), MIDNIGHT - 840: aggregate([1.0])})
    result = shown(tmp_path, q=None)
    assert all("q" not in (point or {}) for point in (*result.today, *result.week, result.day))
    assert shown(tmp_path, day=date(2026, 1, 1)).day is None


# --- packed days ------------------------------------------------------------------------------------------------------
def test_a_packed_day_says_the_same(tmp_path: Path) -> None:
    rng = random.Random(3)
    minutes = {MIDNIGHT + minute: aggregate(some_values(rng)) for minute in rng.sample(range(1440), 400)}
    minutes |= {minute: one._replace(skt="") for minute, one in list(minutes.items())[:5]}
    write(tmp_path, minutes)
    tomorrow = date(2026, 11, 19)
    plain = shown(tmp_path, 7), shown(tmp_path, 7, day=tomorrow)
    assert pack_day(tmp_path, 1, DAY) is not None
    assert (shown(tmp_path, 7), shown(tmp_path, 7, day=tomorrow)) == plain
    assert any(point and point["q"] for point in plain[0].today)


# --- questions --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("q", ["", "2", "1.1", "-0.5", "0.5,", "x", "nan", "1e-1", "0.5;0.9", ",".join(["0.5"] * 10)])
def test_shares_that_make_no_sense_are_refused_in_a_sentence(q: str) -> None:
    with pytest.raises(HistoryError, match="q must be up to 9 shares"):
        history.view(q=q, now=NOON)


def test_nine_shares_in_any_order_are_taken() -> None:
    view = history.view(q="1,0.99,.5,0,0.1,0.25,0.75,0.999,0.5", now=NOON)
    assert view.shares == (1, 0.99, 0.5, 0, 0.1, 0.25, 0.75, 0.999, 0.5)


# --- memory -----------------------------------------------------------------------------------------------------------
def test_what_is_remembered_is_bounded_in_bytes() -> None:
    lru: Lru[int, bytes] = Lru(100, len)
    for key in range(30):
        lru.put(key, b"x" * 30)
    assert [key for key in range(30) if lru.get(key)] == [27, 28, 29]
    lru.put(29, b"x" * 5)
    lru.put(30, b"x" * 30)
    assert len(lru) == 4
    lru.put(31, b"x" * 101)
    assert len(lru) == 0


def test_tables_with_long_sketches_take_the_place_of_others(tmp_path: Path) -> None:
    stats = [QUERY._replace(name=f"query{number}") for number in range(4)]
    wide = aggregate([math.exp(place / 60) for place in range(1000)])
    for stat in stats:
        Writer(tmp_path).write(of_rows(MinuteRow(*stat, MIDNIGHT + minute, wide) for minute in range(20)))
    cache = DayCache(limit=30_000)
    tables = [cache.get(tmp_path, stat, DAY)[1] for stat in stats]
    assert all(16_000 < table.size < 30_000 for table in tables)
    again = [cache.get(tmp_path, stat, DAY)[1] for stat in reversed(stats)]
    assert [new is old for new, old in zip(again, reversed(tables), strict=True)] == [True, False, False, False]
