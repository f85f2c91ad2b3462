"""Conditions: their JSON, what makes no sense and is said in a sentence, and the limits that a plot draws."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import conditions
from alerts.conditions import Above, Condition, ConditionError, StoppedWorking, UnlikeTypical
from alerts.measures import is_measure, measured, of_nothing, share_of
from alerts.observation import Observation, Typical
from stats.aggregation.partial import Aggregate, Kind
from tests.alerts.timelines import TIMELINES

CONDITIONS = list({line.condition: None for line in TIMELINES})
MINUTE = Aggregate(sum=120, cnt=3, max=70, min=20, bot=20, top=70, fst=20, lst=30)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_a_condition_comes_back_from_json_as_it_was(condition: Condition) -> None:
    text = conditions.encode(condition)
    assert conditions.decode(text) == condition
    assert conditions.convert(msgspec.json.decode(text)) == condition


def test_what_is_left_out_has_a_default() -> None:
    found = conditions.decode('{"kind": "above", "limit": 200}')
    assert found == Above(limit=200, measure="value", until=None, minutes=1, of=0, recovery_minutes=3)


@pytest.mark.parametrize(
    ("text", "field", "sentence"),
    [
        ("{", "", "The condition is wrong: input data was truncated."),
        ("[]", "", "The condition is wrong: expected `object`, got `array`."),
        ("{}", "kind", "kind is missing."),
        ('{"kind": "beyond"}', "kind", "kind is wrong: invalid value 'beyond'."),
        ('{"kind": "above"}', "limit", "limit is missing."),
        ('{"kind": "above", "limit": "many"}', "limit", "limit is wrong: expected `float`, got `str`."),
        ('{"kind": "above", "limit": 1, "untill": 0}', "untill", "untill is no field of this kind of condition."),
        ('{"kind": "above", "limit": 1, "minutes": 0}', "minutes", "minutes must be from 1 to 1,440, not 0."),
        ('{"kind": "above", "limit": 1, "minutes": 3, "of": 2}', "of", "of must be from 3 to 1,440, not 2."),
        (
            '{"kind": "below", "limit": 1, "recovery_minutes": 1441}',
            "recovery_minutes",
            "recovery_minutes must be from 1 to 1,440, not 1,441.",
        ),
        (
            '{"kind": "above", "limit": 1, "until": 2}',
            "until",
            "The limit of recovery must not be above the limit.",
        ),
        (
            '{"kind": "below", "limit": 2, "until": 1}',
            "until",
            "The limit of recovery must not be below the limit.",
        ),
        (
            '{"kind": "above", "limit": 1, "measure": "p101"}',
            "measure",
            "The measure must be value, average, rate, sum, min, max or p0 to p100, not 'p101'.",
        ),
        ('{"kind": "stopped_working", "minutes": 0}', "minutes", "minutes must be from 1 to 1,440, not 0."),
        ('{"kind": "stopped_responding", "seconds": 5}', "seconds", "seconds must be from 15 to 86,400, not 5."),
        (
            '{"kind": "unlike_typical", "width": 0}',
            "width",
            "The width must be more than 0 and up to 100 times the band, not 0.",
        ),
        (
            '{"kind": "unlike_typical", "percent": -5}',
            "percent",
            "The percentage must be more than 0 and up to 100,000, not -5.",
        ),
        ('{"kind": "errors", "on": "rate"}', "limit", "A rate of errors needs a limit."),
        ('{"kind": "errors", "on": "new", "limit": 3}', "limit", "A limit and minutes go with a rate of errors only."),
        (
            '{"kind": "errors", "on": "new", "minutes": 3}',
            "minutes",
            "A limit and minutes go with a rate of errors only.",
        ),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(text: str, field: str, sentence: str) -> None:
    with pytest.raises(ConditionError) as raised:
        conditions.decode(text)
    assert (raised.value.field, str(raised.value)) == (field, sentence)


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), float("-inf")])
def test_a_limit_is_finite(limit: float) -> None:
    with pytest.raises(ConditionError, match="limit must be a finite number"):
        conditions.convert({"kind": "above", "limit": limit})


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_whatever_comes_is_refused_in_a_sentence(data: Any) -> None:
    with pytest.raises(ConditionError):
        conditions.convert(data)


# --- measures ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("measure", "of_counter", "of_timer", "counter_of_nothing", "timer_of_nothing"),
    [
        ("value", 120, 30, 0, None),
        ("average", 40, 40, None, None),
        ("plotted", 120, 40, 0, None),
        ("rate", 2, 0.05, 0, 0),
        ("sum", 120, 120, 0, 0),
        ("min", 20, 20, None, None),
        ("max", 70, 70, None, None),
        ("movement", 120, 3, 0, 0),
        ("p99", None, None, None, None),
    ],
)
def test_a_measure_of_a_minute(
    measure: str,
    of_counter: float | None,
    of_timer: float | None,
    counter_of_nothing: float | None,
    timer_of_nothing: float | None,
) -> None:
    kinds: tuple[Kind, Kind] = ("c", "ms")
    assert [measured(MINUTE, kind, measure) for kind in kinds] == [of_counter, of_timer]
    assert [of_nothing(kind, measure) for kind in kinds] == [counter_of_nothing, timer_of_nothing]


@pytest.mark.parametrize(("name", "share"), [("p0", 0), ("p50", 0.5), ("p99.9", 0.999), ("p100", 1)])
def test_a_percentile_is_a_measure(name: str, share: float) -> None:
    assert share_of(name) == share
    assert is_measure(name)


@pytest.mark.parametrize("name", ["", "p", "p101", "p-1", "p99.", "p99\n", "P99", "p١", "plotted", "median"])  # noqa: RUF001
def test_other_names_are_none(name: str) -> None:
    assert not is_measure(name)


# --- limits -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "limits"),
    [
        (Above(limit=10), (None, 10)),
        (UnlikeTypical(), (80, 130)),
        (UnlikeTypical(width=2), (60, 160)),
        (UnlikeTypical(side="below"), (80, None)),
        (UnlikeTypical(side="above", percent=50), (None, 165)),
        (UnlikeTypical(percent=50), (55, 165)),
        (StoppedWorking(), (None, None)),
    ],
    ids=str,
)
def test_the_limits_at_a_minute(condition: Condition, limits: tuple[float | None, float | None]) -> None:
    typical = Typical(low=80, mid=100, high=130, mean=110)
    assert condition.limits(Observation(60, typical=typical)) == limits


@given(st.sampled_from(CONDITIONS), st.floats(-200, 200))
def test_what_is_within_the_limits_is_never_bad(condition: Condition, value: float) -> None:
    seen = Observation(60, value=value, typical=Typical(80, 100, 130, 110))
    low, high = condition.limits(seen)
    if (low, high) != (None, None):
        inside = (low is None or value >= low) and (high is None or value <= high)
        assert (condition.verdict(seen, 0) == conditions.BAD) == (not inside)
