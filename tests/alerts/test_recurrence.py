"""Windows that come again in the wall-clock time of a zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.recurrence import RecurrenceError, convert

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAYS = {"zone": "Europe/Berlin", "days": [6], "start": "01:30", "minutes": 60}


def covers(text: str, **changes: Any) -> bool:
    return convert({**SUNDAYS, **changes}).covers(datetime.fromisoformat(text).replace(tzinfo=BERLIN))


def test_a_window_is_from_its_start_to_its_end() -> None:
    assert not covers("2026-11-22T01:29:59")
    assert covers("2026-11-22T01:30")
    assert covers("2026-11-22T02:29:59")
    assert not covers("2026-11-22T02:30")
    assert not covers("2026-11-23T01:30")


def test_a_window_may_go_on_over_midnight() -> None:
    late = {"start": "23:00", "minutes": 120}
    assert covers("2026-11-22T23:30", **late)
    assert covers("2026-11-23T00:59", **late)
    assert not covers("2026-11-23T01:00", **late)
    assert covers("2026-11-28T23:00", start="00:00", minutes=7 * 1440)


def test_it_goes_by_the_wall_clock_when_clocks_change() -> None:
    # In Berlin the clocks go from 2:00 to 3:00 on 29 March 2026, and from 3:00 to 2:00 on 25 October.
    assert covers("2026-03-29T03:29")
    assert not covers("2026-03-29T03:30")
    assert covers("2026-10-25T02:29")
    assert not covers("2026-10-25T02:30")


@pytest.mark.parametrize(
    "wrong",
    [{"zone": "Mars"}, {"zone": "../x"}, {"days": []}, {"days": [7]}, {"start": "25:00"}, {"minutes": 0}, {"x": 1}],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecurrenceError):
        convert({**SUNDAYS, **wrong})
