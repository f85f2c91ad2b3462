"""Row `rules`: what it costs to judge 10,000 rules for a minute, with their states read and written as JSON; and a
backtest over a week.

What is evaluated around it (reading the minute, rules, database) is not part of this row.
"""

import time
from typing import TYPE_CHECKING, Any

from benchmarks import child
from benchmarks.report import Bar, Line, middle

if TYPE_CHECKING:
    from alerts.conditions import Condition

_RULES = 10_000
_MINUTES = 12
_WEEK = 7 * 1440
_WELL, _BAD = 50.0, 500.0


def measure(rounds: int = 5) -> list[Line]:
    """Each round in a process of its own."""
    lines = []
    for what, bad in (("one in a hundred bad", 100), ("every second bad", 2)):
        found = [child.call("benchmarks.rules:judge", rules=_RULES, bad=bad) for _ in range(rounds)]
        bar = Bar("ours", 300)  # of 3,000 ms for the whole evaluation
        note = "CPU time of a minute; of every kind of condition as many"
        lines.append(middle(f"10,000 rules judged, {what}", "ms", found, bar=bar, note=note))
    found = [child.call("benchmarks.rules:week") for _ in range(rounds)]
    return [*lines, middle("backtest of a week", "ms", found, note="CPU time; 10,080 minutes")]


def judge(rules: int, bad: int) -> float:
    """Milliseconds of CPU a minute: each `bad`-th target is bad for four of six minutes."""
    import msgspec  # noqa: PLC0415  (each process imports what it measures)

    from alerts.rules import PLAIN, TargetState, step  # noqa: PLC0415

    conditions = _conditions()
    decoder, encoder = msgspec.json.Decoder(dict[int, TargetState]), msgspec.json.Encoder()
    stored, spent = b"{}", 0.0
    for minute in range(_MINUTES):
        seen = [_seen(minute, minute % 6 < 4 and place % bad == 0) for place in range(rules)]
        begun = time.process_time()
        before, after = decoder.decode(stored), {}
        for place, one in enumerate(seen):
            state, _ = step(conditions[place % len(conditions)], before.get(place, PLAIN), one)
            if state != PLAIN:
                after[place] = state
        stored = encoder.encode(after)
        spent += time.process_time() - begun
    return spent * 1000 / _MINUTES


def week() -> float:
    """Milliseconds of CPU of a rule over a week, an hour of each day bad."""
    from alerts import backtest  # noqa: PLC0415
    from alerts.conditions import Above  # noqa: PLC0415

    past = [_seen(minute, minute % 1440 < 60) for minute in range(_WEEK)]
    begun = time.process_time()
    found = backtest.run(Above(limit=100, until=80, minutes=3, of=5), past)
    spent = time.process_time() - begun
    assert len(found.alarms) == 7
    return spent * 1000


def _seen(minute: int, bad: bool) -> Any:
    from alerts.observation import Observation, Typical  # noqa: PLC0415

    value = 0.0 if bad and minute % 2 else _BAD if bad else _WELL
    return Observation(
        (29_000_000 + minute) * 60, value=value, typical=Typical(40, 50, 60, 50), silent=99.0 if bad else 2.0
    )


def _conditions() -> "list[Condition]":
    from alerts.conditions import (  # noqa: PLC0415
        Above,
        Below,
        Errors,
        StoppedResponding,
        StoppedWorking,
        UnlikeTypical,
    )

    return [
        Above(limit=100),
        Above(limit=100, until=80, minutes=3, of=5),
        Below(limit=10),
        StoppedWorking(minutes=3),
        StoppedResponding(),
        UnlikeTypical(),
        Errors(on="rate", limit=100, minutes=2),
    ]
