"""Reads a timeline: its words become observations, its transitions letters."""

import re
from collections.abc import Iterator

from alerts.measures import of_nothing
from alerts.observation import LOOK, Known, News, Observation
from alerts.rules import Transition
from tests.alerts.timelines import Timeline

START = 1_790_000_040 // 60 * 60

_WORD = re.compile(r"(?P<value>-?[0-9]+(?:e[0-9]+)?|[.x?])(?P<flag>[rung]?)(?:<(?P<again>[0-9]+))?")
_JUMP = re.compile(r"([+-][0-9]+)m")
_KNOWN: dict[str, Known] = {".": "quiet", "x": "away", "?": "late"}
_NEWS: dict[str, News] = {"n": "new", "g": "regression"}
_LETTERS = {
    ("ok", "pending"): "P",
    ("ok", "firing"): "F",
    ("pending", "firing"): "F",
    ("pending", "ok"): "c",
    ("firing", "recovering"): "R",
    ("firing", "ok"): "O",
    ("recovering", "ok"): "O",
    ("recovering", "firing"): "f",
}


def letters(transitions: list[Transition]) -> str:
    """What a step brought, as the table says it."""
    return "".join(_LETTERS[one.before, one.after] for one in transitions) or "."


def observations(line: Timeline) -> Iterator[Observation | None]:
    """What each word says; None for a change of the clock."""
    at, last = START, None
    for word in line.seen.split():
        if jump := _JUMP.fullmatch(word):
            at += int(jump[1]) * 60
            yield None
        elif word == "=":
            assert last is not None
            yield last
        else:
            last = _observation(line, word, at + line.condition.every)
            at = max(at, last.at) if last.again is None else at
            yield last


def _observation(line: Timeline, word: str, at: int) -> Observation:
    found = _WORD.fullmatch(word)
    assert found is not None, word
    flag, again = found["flag"], None if found["again"] is None else int(found["again"])
    number = None if found["value"] in _KNOWN else float(found["value"])
    known: Known = _KNOWN.get(found["value"], "value")
    nothing = of_nothing(line.kind, line.condition.measure_of) if known == "quiet" else None
    silent = number if line.condition.every == LOOK else None
    return Observation(
        at=at if again is None else at - (again + 1) * line.condition.every,
        known=known,
        value=nothing if number is None else number,
        restarted=flag == "r",
        again=again,
        silent=silent,
        typical=None if flag == "u" else line.typical,
        usual_gap=line.usual_gap,
        news=_NEWS.get(flag),
    )
