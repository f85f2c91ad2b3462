"""What "stopped working" learns of a stat's usual gaps."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.quiet_gaps import FACTOR, SPARE, learn
from stats.aggregation.localday import Minutes

BERLIN, INDIA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
MONDAY = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()) // 60
DAY = 1440


def minute(day: int, hour: int, of_hour: int = 0) -> int:
    return MONDAY + day * DAY + hour * 60 + of_hour


def shop(weeks: int) -> set[int]:
    """Moves each minute from 8 to 20 o'clock UTC on working days."""
    days = [day for day in range(weeks * 7 + 1) if day % 7 < 5]
    return {minute(day, 8, place) for day in days for place in range(12 * 60)}


def moved(minutes: set[int]) -> Minutes:
    return np.array(sorted(minutes), dtype=np.int64)


@pytest.mark.parametrize("zone", [ZoneInfo("UTC"), BERLIN, INDIA])
def test_each_hour_of_the_week_has_its_own(zone: ZoneInfo) -> None:
    gaps = learn(moved(shop(2)), zone)
    night, weekend = int(12 * 60 * FACTOR) + SPARE, int((12 + 48) * 60 * FACTOR) + SPARE
    assert gaps.allowed(minute(22, 12)) == SPARE
    assert gaps.allowed(minute(22, 3)) == night
    assert gaps.allowed(minute(26, 12)) == weekend


def test_one_outage_is_not_usual_after_three_weeks() -> None:
    outage = {minute(9, 10, place) for place in range(45)}
    two, three = (learn(moved(shop(weeks) - outage), BERLIN) for weeks in (2, 3))
    assert two.allowed(minute(30, 10)) == int(45 * FACTOR) + SPARE
    assert three.allowed(minute(30, 10)) == SPARE


def test_an_outage_that_goes_on_teaches_nothing() -> None:
    gaps = learn(moved({one for one in shop(2) if one < minute(14, 8, 30)}), BERLIN)
    assert gaps.allowed(minute(22, 12)) == SPARE
    assert gaps.allowed(minute(21, 8)) is not None


@pytest.mark.parametrize("known", [set(), {MONDAY}, {MONDAY + place for place in range(6 * DAY)}])
def test_less_than_a_week_teaches_nothing(known: set[int]) -> None:
    assert learn(moved(known), BERLIN).allowed(MONDAY) is None


def test_the_hour_is_that_of_the_wall_clock() -> None:
    """On 25 October 2026 clocks go back: seven o'clock is an hour later in UTC."""
    summer = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp()) // 60
    known = {
        summer + day * DAY + (5 if day < 20 else 6) * 60 + place for day in range(28) for place in range(0, 720, 2)
    }
    gaps = learn(moved(known), BERLIN)
    assert gaps.allowed(summer + 29 * DAY + 7 * 60) == int(1 * FACTOR) + SPARE
    assert (gaps.allowed(summer + 29 * DAY + 4 * 60) or 0) > 600


@settings(max_examples=40)
@given(st.sets(st.integers(0, 9 * DAY), min_size=1, max_size=60))
def test_it_is_the_longest_gap_that_touches_the_hour(minutes: set[int]) -> None:
    known = sorted({MONDAY + one for one in minutes} | {MONDAY, MONDAY + 9 * DAY})
    gaps = learn(np.array(known), ZoneInfo("UTC"))
    for hour in range(2 * 24, 7 * 24):  # known once
        first = MONDAY + hour * 60
        touching = [b - a - 1 for a, b in pairwise(known) if a + 1 < first + 60 and b - 1 >= first]
        assert gaps.allowed(first) == int(max(touching, default=0) * FACTOR) + SPARE
