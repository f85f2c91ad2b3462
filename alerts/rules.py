"""The state machine of a rule: what it knows of one target, and what becomes of it with each observation.

    ok ──► pending ──► firing ◄──► recovering ──► ok

It has no clock and does no I/O: the live evaluation and the backtest feed the same `step`, and what was stored between
two steps as JSON is all that the next one needs.
"""

from typing import Literal

import msgspec

from alerts.conditions import BAD, GOOD, UNKNOWN, Condition, Verdict
from alerts.observation import Known, Observation

Phase = Literal["ok", "pending", "firing", "recovering"]

_NEVER_ALIVE = -1


class TargetState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has to be remembered of a rule's target. `PLAIN`, the default, need not be stored.

    `at`: the newest observation that was judged (Unix seconds); 0 where that does not matter. `since`: since when it
    is in this `phase`, if not ok. `fired`: when it fired. `window`: while pending, the last verdicts, up to that of
    `at`. `good`: while recovering, how many good ones came in a row. `quiet`: how many observations in a row are known
    to have been without a sign of life; -1: there never was one.
    """

    phase: Phase = "ok"
    at: int = 0
    since: int = 0
    fired: int = 0
    window: str = ""
    good: int = 0
    quiet: int = _NEVER_ALIVE


PLAIN = TargetState()  # of a new target, and of one whose incident a person has resolved


class Transition(msgspec.Struct, frozen=True):
    """A change of phase at `at` (Unix seconds), and what was seen then.

    `value`, `known`, `silent` as observed; `low`, `high`: between which limits the value would have been well; `usual`:
    the middle of what is typical, or the week's average. `seconds`: for how long it had been bad by then; of a change
    after it fired, how long ago that was.
    """

    at: int
    before: Phase
    after: Phase
    seconds: int
    known: Known = "value"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    usual: float | None = None
    silent: float | None = None

    @property
    def fired(self) -> bool:
        """Whether an incident begins."""
        return self.after == "firing" and self.before != "recovering"

    @property
    def resolved(self) -> bool:
        """Whether the incident is over."""
        return self.after == "ok" and self.before != "pending"


Step = tuple[TargetState, list[Transition]]


def step(condition: Condition, state: TargetState, seen: Observation) -> Step:
    """What becomes of a target with an observation, and the change of phase that it brings, if any.

    An observation that was judged before changes nothing. One that is told again because values came late (`again`)
    takes the place of what was judged then. Where the clock was set back, what was seen in a time that is now to come
    is forgotten, but not the phase.
    """
    if seen.again is not None:
        return _again(condition, state, seen, seen.again)
    if seen.at <= state.at:
        if seen.at == state.at:
            return state, []
        state = _set_back(state, seen.at)
    quiet = _quiet(condition, state, seen) if condition.remembers else _NEVER_ALIVE
    verdict = condition.verdict(seen, quiet)
    if state.phase in _FIRED:
        return _to_its_end(condition, state, seen, verdict, quiet)
    window = _padded(condition, state, seen.at - condition.every) + verdict
    return _to_its_begin(condition, state, seen, window[-condition.window :], quiet)


def _quiet(condition: Condition, state: TargetState, seen: Observation) -> int:
    if condition.alive(seen):
        return 0
    if state.quiet == _NEVER_ALIVE or seen.known == "late" or seen.restarted:
        return state.quiet
    return state.quiet + 1


def _set_back(state: TargetState, at: int) -> TargetState:
    since, fired = min(state.since, at), min(state.fired, at)
    return TargetState(state.phase, since=since, fired=fired, quiet=state.quiet)


def _padded(condition: Condition, state: TargetState, at: int) -> str:
    """The window up to `at`: of what was not observed nothing is known."""
    if not state.window:
        return ""
    missed = (at - state.at) // condition.every
    return state.window + UNKNOWN * min(missed, condition.window)


# --- while it does not fire -------------------------------------------------------------------------------------------
def _to_its_begin(condition: Condition, state: TargetState, seen: Observation, window: str, quiet: int) -> Step:
    """`window` has the verdict of what is seen in its place. Only what is bad itself fires."""
    bad = window.count(BAD)
    if not bad:
        return _well(condition, state, seen, quiet)
    at = _newest(condition, seen)
    if bad >= condition.needed and window[-1 - (seen.again or 0)] == BAD:
        after = TargetState("firing", at, at, at, quiet=quiet)
    elif state.phase == "pending":
        return TargetState("pending", at, state.since, window=window, quiet=quiet), []
    else:
        after = TargetState("pending", at, at, window=window, quiet=quiet)
    return after, [_transition(condition, state, after, seen, _bad_for(condition, seen, window, quiet))]


def _well(condition: Condition, state: TargetState, seen: Observation, quiet: int) -> Step:
    at = _newest(condition, seen)
    after = TargetState(at=at, quiet=quiet) if quiet > 0 else _WELL[quiet]
    if state.phase == "ok":
        return after, []
    began = state.fired or state.since
    return after, [_transition(condition, state, after, seen, at - began)]


def _bad_for(condition: Condition, seen: Observation, window: str, quiet: int) -> int:
    if seen.silent is not None:
        return int(seen.silent)
    return condition.every * (quiet if condition.remembers else len(window) - window.index(BAD))


# --- while it fires ---------------------------------------------------------------------------------------------------
def _to_its_end(condition: Condition, state: TargetState, seen: Observation, verdict: Verdict, quiet: int) -> Step:
    at = _newest(condition, seen)
    if verdict == UNKNOWN:
        return TargetState(state.phase, at, state.since, state.fired, good=state.good, quiet=quiet), []
    good = state.good + 1 if verdict == GOOD else 0
    if good >= condition.recovery:
        return _well(condition, state, seen, quiet)
    phase: Phase = "recovering" if good else "firing"
    if phase == state.phase:
        return TargetState(phase, at, state.since, state.fired, good=good, quiet=quiet), []
    after = TargetState(phase, at, at, state.fired, good=good, quiet=quiet)
    return after, [_transition(condition, state, after, seen, at - state.fired)]


# --- what came late ---------------------------------------------------------------------------------------------------
def _again(condition: Condition, state: TargetState, seen: Observation, again: int) -> Step:
    if condition.remembers:
        return _alive_late(condition, state, seen)
    verdict, newest = condition.verdict(seen, _NEVER_ALIVE), _newest(condition, seen)
    if verdict == UNKNOWN or newest < state.at:
        return state, []
    if state.phase in _FIRED:
        # A good minute that came late is no sign that it is well by now; one that was not is no recovery.
        relapsed = state.phase == "recovering" and verdict != GOOD and seen.at >= state.since
        return _to_its_end(condition, state, seen, verdict, _NEVER_ALIVE) if relapsed else (state, [])
    if again >= condition.window:
        return state, []
    window = _padded(condition, state, newest)[-condition.window :].rjust(condition.window, UNKNOWN)
    place = condition.window - 1 - again
    return _to_its_begin(condition, state, seen, window[:place] + verdict + window[place + 1 :], _NEVER_ALIVE)


def _alive_late(condition: Condition, state: TargetState, seen: Observation) -> Step:
    """It was alive at a time when nobody knew: what was judged since may have been without a sign of life."""
    if not condition.alive(seen):
        return state, []
    since = max(state.at - seen.at, 0) // condition.every
    quiet = 0 if state.quiet == _NEVER_ALIVE else min(state.quiet, since)
    if state.phase in _FIRED:
        return _to_its_end(condition, state, seen, condition.verdict(seen, quiet), quiet)
    return TargetState(at=state.at if quiet else 0, quiet=quiet), []


# --- both -------------------------------------------------------------------------------------------------------------
def _newest(condition: Condition, seen: Observation) -> int:
    return seen.at + (seen.again or 0) * condition.every


def _transition(
    condition: Condition, before: TargetState, after: TargetState, seen: Observation, seconds: int
) -> Transition:
    low, high = condition.limits(seen)
    return Transition(
        at=_newest(condition, seen),
        before=before.phase,
        after=after.phase,
        seconds=seconds,
        known=seen.known,
        value=seen.value,
        low=low,
        high=high,
        usual=condition.usual(seen),
        silent=seen.silent,
    )


_FIRED = ("firing", "recovering")
_WELL = {_NEVER_ALIVE: PLAIN, 0: TargetState(quiet=0)}
