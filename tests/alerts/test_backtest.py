"""The backtest: the same as a live run over the same minutes, and what it would have sent."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import backtest, conditions, measures
from alerts.backtest import Plan, Step
from alerts.conditions import Above, Condition
from alerts.evaluation import Known as KnownAtOnce
from alerts.evaluation import States, evaluate
from alerts.live_rules import LiveRule
from alerts.observation import MINUTE, Observation, Typical
from alerts.past import Past
from alerts.quiet_gaps import learn
from alerts.rules import Transition
from alerts.source import Minute
from alerts.usual import Usual
from stats.aggregation.arithmetic import CNT, FIELDS
from stats.aggregation.partial import KINDS
from stats.minutes import AccountMinute, ProcessSeen
from tests.alerts.observed import START, observations
from tests.alerts.timelines import TIMELINES, Timeline

PLAN = Plan([Step(0, "email", "ann"), Step(180, "sms", "ann"), Step(480, "phone", "ben")])
TARGET = "api/c/orders"
CONDITIONS = [line.condition for line in TIMELINES if line.condition.every == MINUTE]


Moment = tuple[Observation, list[Observation]]  # a minute, and those that are told again with it


class OneMinute(KnownAtOnce):
    """One target, seen once, and what came late for it."""

    def __init__(self, seen: Observation, every: int, late: Sequence[Observation] = ()) -> None:
        self._seen, self._every = seen, every
        self._late = [OneMinute(one, every) for one in late]

    @property
    def every(self) -> int:
        return self._every

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:
        return (TARGET,)

    @property
    def late(self) -> Sequence[KnownAtOnce]:
        return self._late

    def observation(self, rule: LiveRule, target: str) -> Observation:
        return self._seen

    def title(self, target: str) -> str:
        return ""


def live(condition: Condition, past: Sequence[Moment], restarts: Sequence[bool]) -> list[Transition]:
    """Minute by minute as rules are evaluated, states as JSON in between; with a restart, texts alone outlive it."""
    text, stored, found = conditions.encode(condition), b"{}", []
    for (seen, late), restart in zip(past, restarts, strict=True):
        condition = conditions.decode(text) if restart else condition
        rule = LiveRule(1, "rule", "stat", TARGET, condition, ZoneInfo("UTC"))
        before = msgspec.json.decode(stored, type=States)
        after, changes = evaluate([rule], before, OneMinute(seen, condition.every, late))
        stored = msgspec.json.encode(after)
        found += [change.transition for change in changes]
    return found


@st.composite
def any_past(draw: st.DrawFn) -> Past:
    """Some minutes, as files have them: with holes, zeros, runs that are bad."""
    number = draw(st.integers(1, 80))
    runs = st.lists(st.tuples(st.sampled_from([0.0, 4.0, 7.0, 11.0, 19.0, 90.0, 130.0]), st.integers(1, 9)), min_size=1)
    values = np.resize(np.concatenate([np.full(times, value) for value, times in draw(runs)]), number)
    columns = np.tile(values, (FIELDS, 1))
    columns[CNT] = draw(st.lists(st.sampled_from([0.0, 1.0, 1.0, 3.0]), min_size=number, max_size=number))
    columns[:, columns[CNT] == 0] = 0
    there = np.array(draw(st.lists(st.booleans(), min_size=number, max_size=number)))
    band = st.sampled_from([None, Typical(80, 100, 120, 110)])
    return Past(
        draw(st.sampled_from(KINDS)),
        START // MINUTE,
        columns,
        there | (columns[CNT] > 0),
        quantile=draw(st.sampled_from([None, np.full(number, 11.0)])),
        typical=draw(st.lists(band, min_size=number, max_size=number)),
        gaps=learn(np.arange(START // MINUTE - 20_000, START // MINUTE, 3), ZoneInfo("Europe/Berlin")),
    )


def in_time(seen: Iterable[Observation]) -> list[Moment]:
    return [(one, []) for one in seen]


@given(any_past(), st.sampled_from(CONDITIONS), st.data())
def test_live_run_and_backtest_are_identical(past: Past, condition: Condition, data: st.DataObject) -> None:
    seen = past.observations(condition)
    restarts = data.draw(st.lists(st.booleans(), min_size=len(seen), max_size=len(seen)))
    assert live(condition, in_time(seen), restarts) == backtest.run(condition, seen).transitions


@pytest.mark.parametrize("line", TIMELINES, ids=lambda line: line.name)
def test_every_timeline_is_the_same_live_and_in_the_backtest(line: Timeline) -> None:
    seen = [one for one in observations(line) if one is not None]
    assert live(line.condition, in_time(seen), [True] * len(seen)) == backtest.run(line.condition, seen).transitions


def delayed(condition: Condition, seen: Sequence[Observation], delays: Sequence[int]) -> list[Moment]:
    """Each minute comes so many minutes late: nobody knows of it until it is told again with another."""
    moments: list[Moment] = [
        (msgspec.structs.replace(one, known="late", value=None) if delay else one, [])
        for one, delay in zip(seen, delays, strict=True)
    ]
    for place, delay in enumerate(delays):
        if delay and place + delay < len(seen):
            again = delay - condition.remembers
            moments[place + delay][1].append(msgspec.structs.replace(seen[place], again=again))
    return moments


def in_order(condition: Condition, moments: Sequence[Moment]) -> list[Observation]:
    """As the machine is told them."""
    return [one for seen, late in moments for one in ((*late, seen) if condition.remembers else (seen, *late))]


@st.composite
def any_late_past(draw: st.DrawFn, most: int = 6) -> tuple[Condition, list[Observation], list[int]]:
    condition = draw(st.sampled_from(CONDITIONS))
    seen = draw(any_past()).observations(condition)
    delay = st.sampled_from([0, 0, 0, *range(1, 2 if condition.remembers else most + 1)])
    return condition, seen, draw(st.lists(delay, min_size=len(seen), max_size=len(seen)))


@given(any_late_past(), st.data())
def test_live_run_and_backtest_are_identical_with_minutes_that_came_late(
    past: tuple[Condition, list[Observation], list[int]], data: st.DataObject
) -> None:
    condition, seen, delays = past
    moments = delayed(condition, seen, delays)
    restarts = data.draw(st.lists(st.booleans(), min_size=len(seen), max_size=len(seen)))
    assert live(condition, moments, restarts) == backtest.run(condition, in_order(condition, moments)).transitions


@given(any_late_past())
def test_what_came_late_fires_only_where_the_backtest_fires_too(
    past: tuple[Condition, list[Observation], list[int]],
) -> None:
    """The backtest knows all from the begin on: the first alarm of the live run is its first one, or comes later."""
    condition, seen, delays = past
    alarms = [one.at for one in live(condition, delayed(condition, seen, delays), [False] * len(seen)) if one.fired]
    in_files = [one.fired.at for one in backtest.run(condition, seen).alarms]
    assert not alarms or (in_files and in_files[0] <= alarms[0])


def one_by_one(past: Past, condition: Condition) -> list[Observation]:
    """The past as the live evaluation makes observations of its minutes."""
    name = ("api", past.kind, "orders")
    rule = LiveRule(1, "rule", "stat", "/".join(name), condition, ZoneInfo("UTC"))
    found = []
    for place, numbers in enumerate(past.columns.T):
        minute = past.start + place
        seen = (minute + 1) * MINUTE
        processes = [ProcessSeen("api", seen, None, seen)] if past.there[place] else []
        told = AccountMinute(minute, True, processes, [name], numbers.tobytes(), [""], [])
        found.append(Minute(1, told, {}, Usual(1, Path("nowhere"))).observation(rule, rule.target))
    return found


@given(any_past(), st.sampled_from([*measures.MEASURES, "p0", "p10", "p50", "p90", "p100"]))
def test_a_minute_of_the_past_is_seen_as_it_was_live(past: Past, measure: str) -> None:
    condition = Above(limit=10, measure=measure)
    past = replace(past, quantile=None)  # no minute has a sketch
    plain = [msgspec.structs.replace(one, typical=None, usual_gap=None) for one in past.observations(condition)]
    assert plain == one_by_one(past, condition)


def test_a_percentile_is_what_its_sketch_says_else_a_tail_of_the_minute() -> None:
    columns = np.array([[30.0, 30.0], [3, 3], [20, 20], [1, 1], [2, 2], [19, 19], [9, 9], [9, 9]])
    past = Past("ms", 0, columns, np.array([True, True]), quantile=np.array([np.nan, 7.0]))
    told = {
        measure: [one.value for one in past.observations(Above(limit=1, measure=measure))]
        for measure in ("p0", "p10", "p50", "p90", "p100")
    }
    assert told == {"p0": [1, 1], "p10": [2, 7], "p50": [None, 7], "p90": [19, 7], "p100": [20, 20]}


# --- what it says -----------------------------------------------------------------------------------------------------
def played(values: str, condition: Condition | None = None) -> backtest.Backtest:
    """The backtest over a minute for each number; by default the limit is 10 and the end is the first good minute."""
    seen = [Observation(START + (place + 1) * MINUTE, value=float(value)) for place, value in enumerate(values.split())]
    return backtest.run(condition or Above(limit=10, recovery_minutes=1), seen)


def test_it_says_where_it_fired_how_often_and_for_how_long() -> None:
    found = played("1 11 11 11 1 1 11 1 1 11 11")
    fired = [(alarm.fired.at - START) // MINUTE for alarm in found.alarms]
    over = [None if alarm.over is None else (alarm.over - START) // MINUTE for alarm in found.alarms]
    assert fired == [2, 7, 10]
    assert over == [5, 8, None]
    assert found.lengths == [180, 60, 60]
    assert found.end - found.start == 11 * MINUTE
    assert found.per_week == pytest.approx(3 * 7 * 1440 / 11)


def test_a_past_without_minutes_has_no_alarms() -> None:
    found = backtest.run(Above(limit=1), [])
    assert (found.alarms, found.lengths, found.per_week) == ([], [], 0)


# --- what it would have sent ------------------------------------------------------------------------------------------
def lasting(*minutes: int) -> backtest.Backtest:
    return played(" ".join(f"{'11 ' * number}1 1" for number in minutes))


def test_a_step_counts_where_the_alarm_lasted_so_long() -> None:
    assert lasting(2).messages(PLAN) == {"email": 2}  # and that it is over
    assert lasting(5).messages(PLAN) == {"email": 2, "sms": 2}
    assert lasting(9).messages(PLAN) == {"email": 2, "sms": 3, "phone": 1}  # ben hears of the end by SMS
    assert lasting(2, 5, 9).messages(PLAN) == {"email": 6, "sms": 5, "phone": 1}


def test_an_acknowledgement_stops_the_steps_after_it() -> None:
    assert lasting(60).messages(PLAN, acknowledged=300) == {"email": 2, "sms": 2}


def test_what_burns_still_has_no_recovery() -> None:
    assert played("11 11 11 11 11").messages(PLAN) == {"email": 1, "sms": 1}


def test_repeats_take_all_steps_again_and_end() -> None:
    repeated = PLAN._replace(repeat_minutes=10, most_repeats=2)
    assert lasting(15).messages(repeated) == {"email": 3, "sms": 4, "phone": 1}
    assert lasting(600).messages(repeated) == {"email": 4, "sms": 5, "phone": 3}


def test_what_it_costs() -> None:
    assert backtest.cost({"email": 9, "sms": 2, "phone": 1}, {"sms": 0.08, "phone": 0.14}) == pytest.approx(0.30)


@settings(max_examples=30)
@given(st.lists(st.sampled_from([1.0, 11.0]), max_size=60))
def test_an_alarm_begins_and_ends_once(values: list[float]) -> None:
    found = played(" ".join(map(str, values)))
    moments = [at for alarm in found.alarms for at in (alarm.fired.at, alarm.over or found.end + 1)]
    assert moments == sorted(moments)
    assert sum(found.lengths) == MINUTE * sum(one > 10 for one in values[:-1]) if values else True
