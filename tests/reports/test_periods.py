"""Which days a report is about, and from when on it is due, in every zone and when clocks change."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.periods import HOUR, Every, Period, newest

BERLIN, AUCKLAND, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland"), ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("every", "now", "zone", "first", "last"),
    [
        # Tuesday, 24 November 2026.
        ("daily", "2026-11-24T06:59", BERLIN, "2026-11-22", "2026-11-22"),
        ("daily", "2026-11-24T07:00", BERLIN, "2026-11-23", "2026-11-23"),
        ("daily", "2026-11-25T06:59", BERLIN, "2026-11-23", "2026-11-23"),
        ("daily", "2026-11-24T07:00", AUCKLAND, "2026-11-23", "2026-11-23"),
        ("daily", "2026-11-24T07:00", KOLKATA, "2026-11-23", "2026-11-23"),
        ("weekly", "2026-11-23T06:59", BERLIN, "2026-11-09", "2026-11-15"),
        ("weekly", "2026-11-23T07:00", BERLIN, "2026-11-16", "2026-11-22"),
        ("weekly", "2026-11-29T23:59", BERLIN, "2026-11-16", "2026-11-22"),
        # The mornings after clocks went back and forward: 7 o'clock is 7 o'clock.
        ("daily", "2026-10-25T06:59", BERLIN, "2026-10-23", "2026-10-23"),
        ("daily", "2026-10-25T07:00", BERLIN, "2026-10-24", "2026-10-24"),
        ("daily", "2026-03-29T06:59", BERLIN, "2026-03-27", "2026-03-27"),
        ("daily", "2026-03-29T07:00", BERLIN, "2026-03-28", "2026-03-28"),
    ],
)
def test_a_report_is_due_in_the_morning_where_the_person_is(
    every: Every, now: str, zone: ZoneInfo, first: str, last: str
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=zone).timestamp()
    assert newest(every, at, zone) == Period(date.fromisoformat(first), date.fromisoformat(last), zone)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24)], ids=["forward", "back", "plain"]
)
def test_a_day_has_the_hours_that_it_has(day: str, hours: int) -> None:
    one = Period(date.fromisoformat(day), date.fromisoformat(day), BERLIN)
    assert one.end - one.start == hours * 3600


@given(
    st.sampled_from(["daily", "weekly"]),
    st.integers(0, 3_000_000_000),
    st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns", "Pacific/Kiritimati"]),
)
def test_periods_follow_each_other_and_are_over(every: Every, now: int, zone_name: str) -> None:
    """Each hour's run finds the same period or the next one, and never one that is still going on."""
    zone = ZoneInfo(zone_name)
    found, later = newest(every, now, zone), newest(every, now + 3600, zone)
    assert found.end <= now
    step = timedelta(days=len(list(found.days)))
    assert later == found or later.first - found.first == step or zone_name == "Pacific/Apia"
    assert every == "daily" or (found.first.weekday(), found.last.weekday()) == (0, 6)
    assert HOUR == 7
