"""The state machine: the table of timelines, and what holds for every sequence of observations."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.conditions import Above, Condition, StoppedWorking
from alerts.observation import MINUTE, Known, News, Observation, Typical
from alerts.rules import PLAIN, TargetState, Transition, step
from tests.alerts.observed import START, letters, observations
from tests.alerts.timelines import TIMELINES, Timeline

CONDITIONS = list({line.condition: None for line in TIMELINES})
KNOWN: list[Known] = ["value", "value", "value", "quiet", "away", "late"]
NEWS: list[News | None] = [None, "new", "regression"]
NEXT = {"ok": {"pending", "firing"}, "pending": {"ok", "firing"}}
NEXT |= {"firing": {"recovering", "ok"}, "recovering": {"ok", "firing"}}


def stored(state: TargetState) -> TargetState:
    """As it comes back after a minute in the database, where the plain ones are not."""
    return PLAIN if state == PLAIN else msgspec.json.decode(msgspec.json.encode(state), type=TargetState)


@pytest.mark.parametrize("line", TIMELINES, ids=lambda line: line.name)
def test_timeline(line: Timeline) -> None:
    state, became = PLAIN, []
    for seen in observations(line):
        state, transitions = (state, []) if seen is None else step(line.condition, stored(state), seen)
        became.append(letters(transitions))
    assert " ".join(became) == " ".join(line.becomes.split())


def test_there_are_sixty_timelines_and_each_has_a_name() -> None:
    assert len({line.name for line in TIMELINES}) == len(TIMELINES) >= 60


def test_a_rule_that_was_edited_does_not_fire_by_what_nobody_knows() -> None:
    state = PLAIN
    for minute in (1, 2):
        state, _ = step(Above(limit=10, minutes=3), state, Observation(START + minute * MINUTE, value=11))
    edited = Above(limit=10, minutes=2, of=3)
    state, changes = step(edited, state, Observation(START + 3 * MINUTE, "late"))
    assert changes == []
    _, changes = step(edited, state, Observation(START + 4 * MINUTE, value=11))
    assert [one.fired for one in changes] == [True]


def test_an_hour_in_which_more_is_usual_does_not_end_what_stopped_before() -> None:
    state = step(StoppedWorking(), PLAIN, Observation(START, value=1))[0]
    phases = []
    for minute, gap in enumerate([2, 2, 9, 9], 1):
        seen = Observation(START + minute * MINUTE, "quiet", 0.0, usual_gap=gap)
        state, _ = step(StoppedWorking(), state, seen)
        phases.append(state.phase)
    assert phases == ["ok", "firing", "firing", "firing"]


# --- for every sequence -----------------------------------------------------------------------------------------------
@st.composite
def any_observation(draw: st.DrawFn) -> Observation:
    known = draw(st.sampled_from(KNOWN))
    value = draw(st.sampled_from([0.0, 4.0, 7.0, 11.0, 19.0, 25.0, 100.0, 130.0])) if known == "value" else None
    return Observation(
        at=draw(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 5, 0, -2, -30])),  # minutes since the one before
        known=known,
        value=draw(st.sampled_from([None, 0.0])) if known == "quiet" else value,
        restarted=draw(st.integers(0, 9)) == 0,
        again=draw(st.sampled_from([None] * 6 + [0, 1, 2, 5])),
        silent=None if known == "late" else draw(st.sampled_from([1.0, 9.0, 29.0, 30.0, 90.0])),
        typical=draw(st.sampled_from([None, Typical(80, 100, 120, 110)])),
        usual_gap=draw(st.sampled_from([None, 2, 3, 9])),
        news=draw(st.sampled_from(NEWS)),
    )


@st.composite
def any_sequence(draw: st.DrawFn) -> tuple[Condition, list[Observation]]:
    condition = draw(st.sampled_from(CONDITIONS))
    at, found = START, []
    for seen in draw(st.lists(any_observation(), max_size=60)):
        at += 0 if seen.again is not None else seen.at * condition.every
        back = 0 if seen.again is None else seen.again * condition.every
        found.append(msgspec.structs.replace(seen, at=at - back))
    return condition, found


def played(condition: Condition, sequence: list[Observation]) -> tuple[list[TargetState], list[Transition]]:
    states, transitions = [PLAIN], []
    for seen in sequence:
        state, changes = step(condition, states[-1], seen)
        assert len(changes) <= 1
        states.append(state)
        transitions += changes
    return states, transitions


@given(any_sequence())
def test_no_order_of_phases_is_impossible(played_with: tuple[Condition, list[Observation]]) -> None:
    condition, sequence = played_with
    states, transitions = played(condition, sequence)
    phase, burning = "ok", False
    for one in transitions:
        assert one.before == phase
        assert one.after in NEXT[phase]
        assert not (one.fired and burning)
        assert not (one.resolved and not burning)
        assert one.seconds >= 0
        burning = (burning or one.fired) and not one.resolved
        phase = one.after
    assert states[-1].phase == phase
    assert (states[-1].phase in ("firing", "recovering")) == burning


@given(any_sequence())
def test_what_nobody_knows_neither_fires_nor_recovers(played_with: tuple[Condition, list[Observation]]) -> None:
    condition, sequence = played_with
    state = PLAIN
    for seen in sequence:
        state, changes = step(condition, state, seen)
        if seen.known == "late":
            assert all(one.before == "pending" and one.after == "ok" for one in changes)


@given(any_sequence())
def test_a_minute_judged_twice_changes_nothing(played_with: tuple[Condition, list[Observation]]) -> None:
    condition, sequence = played_with
    state = PLAIN
    for seen in sequence:
        state, _ = step(condition, state, seen)
        if state.at == seen.at and seen.again is None:
            assert step(condition, state, seen) == (state, [])


@given(any_sequence())
def test_a_state_that_was_stored_in_between_goes_on_as_one_that_was_not(
    played_with: tuple[Condition, list[Observation]],
) -> None:
    condition, sequence = played_with
    states, _ = played(condition, sequence)
    state = PLAIN
    for seen, expected in zip(sequence, states[1:], strict=True):
        state, _ = step(condition, stored(state), seen)
        assert state == expected


@given(any_sequence())
def test_a_state_is_small(played_with: tuple[Condition, list[Observation]]) -> None:
    condition, sequence = played_with
    states, _ = played(condition, sequence)
    assert all(len(state.window) <= condition.window for state in states)
    assert all(state == PLAIN or state.phase != "ok" or condition.remembers for state in states)
