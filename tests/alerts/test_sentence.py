"""The one sentence: what it says of each kind of condition, for the eye and, in English, for the ear."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.conditions import Above, Below, Condition, Errors, StoppedResponding, StoppedWorking, UnlikeTypical
from alerts.languages import LANGUAGES
from alerts.observation import Observation, Typical
from alerts.rules import PLAIN, Transition, step
from alerts.sentence import Subject, spoken, written

TUESDAY = int(datetime(2026, 11, 24, 13, 6, tzinfo=UTC).timestamp())  # the minute of 14:05 in Berlin ends
ENGLISH = LANGUAGES["en"].phrases
BERLIN = ZoneInfo("Europe/Berlin")
ORDERS, QUERY, QUEUE = Subject("orders"), Subject("query", "ms"), Subject("job.queue", "g")
API, BOOM = Subject("api"), Subject("ValueError: boom")
TYPICAL = UnlikeTypical(minutes=6)


def fired(seconds: int = 360, **seen: object) -> Transition:
    return Transition(TUESDAY, "pending", "firing", seconds, **seen)  # type: ignore[arg-type]


def over(seconds: int = 720, **seen: object) -> Transition:
    return Transition(TUESDAY, "recovering", "ok", seconds, **seen)  # type: ignore[arg-type]


SENTENCES: list[tuple[Subject, Condition, Transition, str, str]] = [
    (
        ORDERS,
        TYPICAL,
        fired(value=12, low=30, high=60, usual=41),
        "orders 12/min, 71 % below a typical Tuesday 14:05, for 6 min",
        "orders, 12 per minute, 71 percent below a typical Tuesday at 14:05, for 6 minutes",
    ),
    (
        ORDERS,
        TYPICAL,
        fired(value=82, low=30, high=60, usual=41),
        "orders 82/min, 100 % above a typical Tuesday 14:05, for 6 min",
        "orders, 82 per minute, 100 percent above a typical Tuesday at 14:05, for 6 minutes",
    ),
    (
        ORDERS,
        TYPICAL,
        fired(value=12, low=0, high=0, usual=0),
        "orders 12/min, where 0/min is a typical Tuesday 14:05, for 6 min",
        "orders, 12 per minute, where 0 per minute is a typical Tuesday at 14:05, for 6 minutes",
    ),
    (
        QUERY,
        UnlikeTypical(percent=50),
        fired(300, value=812.4, usual=400),
        "query 812 ms, 103 % above the week's average at 14:05, for 5 min",
        "query, 812 milliseconds, 103 percent above the week's average at 14:05, for 5 minutes",
    ),
    (
        ORDERS,
        Above(limit=1200),
        fired(60, value=12345.6, high=1200),
        "orders 12,346/min, above 1,200/min, for 1 min",
        "orders, 12346 per minute, above 1200 per minute, for 1 minute",
    ),
    (
        QUERY,
        Above(limit=500, measure="p99.9"),
        fired(180, value=812.4, high=500),
        "query p99.9 812 ms, above 500 ms, for 3 min",
        "query, percentile 99.9, 812 milliseconds, above 500 milliseconds, for 3 minutes",
    ),
    (
        ORDERS,
        Below(limit=5, measure="rate"),
        fired(7500, value=0.0123, low=5),
        "orders 0.0123/s, below 5/s, for 2 h 5 min",
        "orders, 0.0123 per second, below 5 per second, for 2 hours and 5 minutes",
    ),
    (
        QUEUE,
        Above(limit=-10, measure="min"),
        fired(60, value=-2.5, high=-10),
        "job.queue lowest -2.5, above -10, for 1 min",
        "job queue, lowest, minus 2.5, above minus 10, for 1 minute",
    ),
    (
        ORDERS,
        StoppedWorking(minutes=10),
        fired(600, value=0, known="value"),
        "orders stopped: zero for 10 min",
        "orders stopped: zero for 10 minutes",
    ),
    (
        ORDERS,
        StoppedWorking(minutes=10),
        fired(600, value=0, known="quiet"),
        "orders stopped: no value came for 10 min",
        "orders stopped: no value came for 10 minutes",
    ),
    (
        ORDERS,
        StoppedWorking(),
        fired(90_000, known="away"),
        "orders stopped: its process is away, nothing came for 1 d 1 h",
        "orders stopped: its process is away, nothing came for 1 day and 1 hour",
    ),
    (API, StoppedResponding(), fired(32, silent=32.7), "api silent for 32 s", "api silent for 32 seconds"),
    (
        BOOM,
        Errors(on="new"),
        fired(60, value=3),
        "ValueError: boom is a new error, 3 times in its first minute",
        "Value Error boom is a new error, 3 times in its first minute",
    ),
    (
        BOOM,
        Errors(on="regression"),
        fired(60, value=1),
        "ValueError: boom came again after it was resolved, once in a minute",
        "Value Error boom came again after it was resolved, once in a minute",
    ),
    (
        BOOM,
        Errors(on="rate", limit=5),
        fired(120, value=12, high=5),
        "ValueError: boom 12/min, above 5/min, for 2 min",
        "Value Error boom, 12 per minute, above 5 per minute, for 2 minutes",
    ),
    (
        ORDERS,
        TYPICAL,
        over(value=45),
        "orders 45/min, well again after 12 min",
        "orders, 45 per minute, well again after 12 minutes",
    ),
    (ORDERS, StoppedWorking(), over(), "orders moves again after 12 min", "orders moves again after 12 minutes"),
    (API, StoppedResponding(), over(), "api is heard of again after 12 min", "api is heard of again after 12 minutes"),
    (
        BOOM,
        Errors(on="new"),
        over(1860, value=0),
        "ValueError: boom has been quiet, over after 31 min",
        "Value Error boom has been quiet, over after 31 minutes",
    ),
]


@pytest.mark.parametrize(("subject", "condition", "change", "eye", "ear"), SENTENCES, ids=[row[3] for row in SENTENCES])
def test_sentence(subject: Subject, condition: Condition, change: Transition, eye: str, ear: str) -> None:
    assert written(subject, condition, change, BERLIN) == eye
    assert spoken(subject, condition, change, BERLIN, ENGLISH) == ear


def test_the_time_is_the_readers() -> None:
    change = fired(value=12, usual=41)
    assert "typical Tuesday 13:05" in written(ORDERS, TYPICAL, change, ZoneInfo("UTC"))
    assert "typical Wednesday 03:05" in written(ORDERS, TYPICAL, change, ZoneInfo("Pacific/Kiritimati"))


def test_it_says_for_how_long_it_has_been_bad() -> None:
    condition, state, changes = Above(limit=10, minutes=3, of=5), PLAIN, []
    for minute, value in enumerate([11, 9, 11, 9, 12], 1):
        state, found = step(condition, state, Observation(TUESDAY + 60 * minute, value=value))
        changes += found
    assert written(ORDERS, condition, changes[-1], BERLIN) == "orders 12/min, above 10/min, for 5 min"


@given(
    name=st.text(max_size=300),
    value=st.floats(allow_nan=False, allow_infinity=False),
    usual=st.floats(allow_nan=False, allow_infinity=False),
    condition=st.sampled_from([row[1] for row in SENTENCES]),
    after=st.sampled_from(["firing", "ok"]),
)
def test_whatever_is_seen_it_is_one_short_line(
    name: str, value: float, usual: float, condition: Condition, after: str
) -> None:
    typical = Typical(usual, usual, usual, usual)
    _, changes = step(condition, PLAIN, Observation(TUESDAY, value=value, typical=typical, silent=99, news="new"))
    low, high = condition.limits(Observation(TUESDAY, typical=typical))
    change = Transition(TUESDAY, "firing", after, 99, "value", value, low, high, usual)  # type: ignore[arg-type]
    for one in (change, *changes):
        text = written(Subject(name, "ms"), condition, one, BERLIN)
        assert len(text.splitlines()) == 1
        assert len(text) < 260
