"""What the page of a rule shows while it is edited: the past week of a stat, where the rule would have fired, what it
would have sent, and a limit that is proposed. The owner of the files answers, as one of `stats.owned.questions`."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alerts import backtest, conditions, proposal
from alerts.backtest import Plan
from alerts.conditions import Above, Below, Condition, UnlikeTypical
from alerts.observation import Observation
from alerts.trial import past_of
from stats.storage.paths import Stat

NAME = "alerts.trial"
WEEK = 7 * 24 * 60  # minutes
BIN = 10  # minutes of a point of the plot
BUSY: dict[str, Any] = {"busy": True}

_lock = threading.Lock()
_under_way: set[int] = set()  # accounts


class Question(msgspec.Struct, frozen=True):
    """A condition, on which stat, in whose days, up to which minute (Unix time / 60), and whom it would tell. With
    `propose`, a limit is looked for."""

    stat: Stat
    condition: Condition
    zone: str
    end: int
    plan: Plan
    propose: bool


class Alarm(msgspec.Struct, frozen=True):
    """From when to when (Unix seconds); None: it still burns."""

    begin: int
    end: int | None


class Proposed(msgspec.Struct, frozen=True):
    """A condition, and how many alarms a week are to be expected of it."""

    condition: dict[str, Any]
    forecast: float
    alarms: int


class Answer(msgspec.Struct, frozen=True):
    """The week from `start` (Unix seconds) in points of `step` seconds: the `low`est and the `high`est value of each,
    and between `least` and `most` it would have been well; null where that is not known, or there is no such limit.

    The alarms lasted `seconds` together. `messages`: how many would have gone out by each channel, had nobody
    acknowledged.
    """

    start: int
    step: int
    low: list[float | None]
    high: list[float | None]
    least: list[float | None]
    most: list[float | None]
    alarms: list[Alarm]
    per_week: float
    seconds: int
    messages: dict[str, int]
    proposal: Proposed | None


def answer(root: Path, question: dict[str, Any]) -> dict[str, Any]:
    """The owner's side. The question is a `Question`, the answer an `Answer`, both as plain values; `BUSY` while
    another trial of the same account is under way: a week of files is a second of work."""
    asked = msgspec.convert(question, Question)
    with _turn(asked.stat.account) as mine:
        plain: dict[str, Any] = msgspec.to_builtins(tried(root, asked)) if mine else BUSY
    return plain


@contextmanager
def _turn(account: int) -> Iterator[bool]:
    """Whether nothing is tried for the account at this moment; then it is ours until the end."""
    with _lock:
        mine = account not in _under_way
        if mine:
            _under_way.add(account)
    try:
        yield mine
    finally:
        if mine:
            _under_way.discard(account)


def tried(root: Path, asked: Question) -> Answer:
    """What the files under `root` say."""
    condition, start = asked.condition, asked.end - WEEK
    past = past_of(root, asked.stat, condition, ZoneInfo(asked.zone), (start, asked.end)).observations(condition)
    found = backtest.run(condition, past)
    limits = [condition.limits(seen) for seen in past]
    return Answer(
        start=start * 60,
        step=BIN * 60,
        low=_bins([seen.value for seen in past], min),
        high=_bins([seen.value for seen in past], max),
        least=_bins([low for low, _ in limits], max),
        most=_bins([high for _, high in limits], min),
        alarms=[Alarm(fired.at, over) for fired, over in found.alarms],
        per_week=found.per_week,
        seconds=sum(found.lengths),
        messages=dict(found.messages(asked.plan)),
        proposal=_proposed(condition, past) if asked.propose else None,
    )


def _bins(values: Sequence[float | None], choose: Callable[[list[float]], float]) -> list[float | None]:
    parts = (values[place : place + BIN] for place in range(0, len(values), BIN))
    known = ([value for value in part if value is not None] for part in parts)
    return [choose(part) if part else None for part in known]


def _proposed(condition: Condition, past: Sequence[Observation]) -> Proposed | None:
    if not isinstance(condition, Above | Below | UnlikeTypical):
        return None
    found = proposal.propose(condition, past)
    if found is None:
        return None
    return Proposed(conditions.as_plain(found.condition), found.forecast, len(found.tested.alarms))
