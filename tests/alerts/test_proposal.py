"""Proposals: a limit that people would write, seldom fires over the past, and says how often it is likely to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import backtest
from alerts.conditions import Above, Below, UnlikeTypical
from alerts.observation import MINUTE, Observation, Typical
from alerts.proposal import propose
from tests.alerts.observed import START

DAY = 1440


def past(values: list[float], typical: Typical | None = None) -> list[Observation]:
    return [
        Observation(START + (place + 1) * MINUTE, value=value, typical=typical) for place, value in enumerate(values)
    ]


def noisy(days: int, middle: float = 100, spread: float = 10, seed: int = 1) -> list[float]:
    found: list[float] = np.random.default_rng(seed).normal(middle, spread, days * DAY).tolist()
    return found


def test_a_limit_beyond_the_noise_that_people_would_write() -> None:
    found = propose(Above(limit=0, minutes=3), past(noisy(7)))
    assert found is not None
    assert isinstance(found.condition, Above)
    assert 110 < found.condition.limit < 150
    assert found.condition.limit == round(found.condition.limit)
    assert found.condition.until is not None
    assert 100 < found.condition.until < found.condition.limit
    assert found.condition.minutes == 3
    assert found.tested.alarms == []


def test_too_little_is_below() -> None:
    found = propose(Below(limit=0, minutes=3), past(noisy(7)))
    assert found is not None
    assert isinstance(found.condition, Below)
    assert 50 < found.condition.limit < 90
    assert found.condition.until is not None
    assert found.condition.until > found.condition.limit


def test_more_minutes_let_the_limit_be_nearer() -> None:
    one, five = (propose(Above(limit=0, minutes=minutes), past(noisy(7))) for minutes in (1, 5))
    assert one is not None
    assert five is not None
    assert isinstance(one.condition, Above)
    assert isinstance(five.condition, Above)
    assert five.condition.limit < one.condition.limit


def test_who_tolerates_more_gets_a_nearer_limit_and_a_higher_forecast() -> None:
    few, many = (propose(Above(limit=0), past(noisy(14)), tolerated) for tolerated in (0.5, 20))
    assert few is not None
    assert many is not None
    assert isinstance(few.condition, Above)
    assert isinstance(many.condition, Above)
    assert many.condition.limit < few.condition.limit
    assert few.forecast < many.forecast <= 21


@pytest.mark.parametrize(("days", "expected"), [(7, 0.5), (14, 0.25), (28, 0.125)])
def test_no_alarm_in_a_short_past_is_no_promise(days: int, expected: float) -> None:
    found = propose(Above(limit=0), past([1.0] * days * DAY))
    assert found is not None
    assert found.tested.alarms == []
    assert found.forecast == expected


def test_the_forecast_holds_for_the_week_after_it() -> None:
    values = noisy(35)
    found = propose(Above(limit=0, minutes=2), past(values[: 28 * DAY]), tolerated=10)
    assert found is not None
    after = backtest.run(found.condition, past(values[28 * DAY :]))
    assert abs(len(after.alarms) - found.forecast) < 3 * found.forecast**0.5


def test_a_band_as_wide_as_it_needs() -> None:
    found = propose(UnlikeTypical(minutes=5), past(noisy(7), Typical(low=90, mid=100, high=110, mean=100)))
    assert found is not None
    assert isinstance(found.condition, UnlikeTypical)
    assert 1 < found.condition.width < 3
    assert found.tested.alarms == []


def test_a_percentage_as_large_as_it_needs() -> None:
    found = propose(UnlikeTypical(minutes=2, percent=1), past(noisy(7), Typical(low=90, mid=100, high=110, mean=100)))
    assert found is not None
    assert isinstance(found.condition, UnlikeTypical)
    assert found.condition.percent in (30, 40)


def test_of_less_than_a_day_nothing_is_proposed() -> None:
    assert propose(Above(limit=0), past(noisy(1)[:-1])) is None
    assert propose(Above(limit=0), []) is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 5.0, -1e9, 1e-7, 123456.789, 1e300]), min_size=1, max_size=6),
    st.sampled_from([Above(limit=0), Below(limit=0), Above(limit=0, minutes=3)]),
)
def test_whatever_the_values_the_proposal_would_not_have_fired(values: list[float], wanted: Above | Below) -> None:
    found = propose(wanted, past(np.resize(values, DAY).tolist()))
    assert found is not None
    assert found.tested.alarms == []
