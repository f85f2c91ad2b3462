"""What the shard has that owns an account: read here where this process owns it, else asked of the owner.

What travels is JSON; an answer has up to about 1 MB.
"""

import dataclasses
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from accounts.models import Account
from accounts.routing import shard_of
from stats import history, runtime
from stats.aggregation.partial import Kind
from stats.engine_call import ask
from stats.history import DayHistory, View
from stats.minutes import AccountMinute, Minutes, ProcessSeen
from stats.storage.paths import Stat

TIMEOUT = 5.0  # seconds

# What others who build on the files have to ask of them, by a name: each is called in a thread of the owner, with the
# root of the files and the question, and answers with what JSON can hold.
questions: dict[str, Callable[[Path, dict[str, Any]], dict[str, Any]]] = {}

_minutes = msgspec.msgpack.Decoder(list[AccountMinute])
_processes = msgspec.msgpack.Decoder(list[ProcessSeen])


def day(account: Account, stat: Stat, shown: View) -> DayHistory:
    """What is known about a stat of the account, as that view shows it. Raises EngineError."""
    if _here(account):
        return history.day(_root(), stat, shown)
    view = {"day": shown.day.isoformat(), "zone": shown.zone.key, "step": shown.step, "shares": shown.shares}
    return DayHistory(**_asked(account, {"type": "engine.day", "stat": stat, "view": view}))


def answer_day(message: dict[str, Any]) -> dict[str, Any]:
    """The owner's side of `day`, in a thread."""
    view = message["view"]
    shown = View(date.fromisoformat(view["day"]), ZoneInfo(view["zone"]), view["step"], tuple(view["shares"]))
    return _told(dataclasses.asdict(history.day(_root(), Stat(*message["stat"]), shown)))


class Asked(msgspec.Struct, frozen=True):
    """What is asked for of flushed minutes: those after `after` (Unix time / 60), perhaps with sketches, with what
    values came late for up to `reach` minutes before, and with the stats that rest of processes that were heard of
    since the Unix time `resting`; None: without these."""

    after: int
    sketches: bool = False
    reach: int = 0
    resting: float | None = None


def minutes(account: Account, asked: Asked) -> list[AccountMinute]:
    """The flushed minutes of an account, oldest first. Raises EngineError."""
    message = {"type": "engine.minutes", "account": account.pk, "asked": msgspec.to_builtins(asked)}
    return _minutes.decode(ask(shard_of(account), message, TIMEOUT)["data"])


def answer_minutes(
    kept: Minutes, account_id: int, asked: Asked, resting: list[tuple[str, Kind, str]]
) -> dict[str, Any]:
    """The owner's side of `minutes`, in a thread."""
    found = kept.after(account_id, asked.after, asked.reach)
    if not asked.sketches:
        found = [_without_sketches(one) for one in found]
    return {"data": msgspec.msgpack.encode([msgspec.structs.replace(one, resting=resting) for one in found])}


def _without_sketches(minute: AccountMinute) -> AccountMinute:
    late = [msgspec.structs.replace(one, sketches=[]) for one in minute.late]
    return msgspec.structs.replace(minute, sketches=[], late=late)


def processes(account: Account) -> tuple[list[ProcessSeen], float]:
    """When each process of an account was seen last, and since when its server has been there to see it (Unix times).
    Raises EngineError."""
    answer = ask(shard_of(account), {"type": "engine.processes", "account": account.pk}, TIMEOUT)
    return _processes.decode(answer["data"]), answer["listening"]


def ask_files(account: Account, name: str, question: dict[str, Any], timeout: float) -> dict[str, Any]:
    """What the one of `questions` says of the account's files. Raises EngineError."""
    if _here(account):
        return questions[name](_root(), question)
    found: dict[str, Any] = msgspec.json.decode(
        ask(shard_of(account), {"type": "engine.question", "name": name, "question": question}, timeout)["text"]
    )
    return found


def answer_question(message: dict[str, Any]) -> dict[str, Any]:
    """The owner's side of `ask_files`, in a thread."""
    return _told(questions[message["name"]](_root(), message["question"]))


def _here(account: Account) -> bool:
    return runtime.shard is not None and runtime.shard.number == shard_of(account)


def _asked(account: Account, message: dict[str, Any]) -> Any:
    return msgspec.json.decode(ask(shard_of(account), message, TIMEOUT)["text"])


def _told(found: Any) -> dict[str, Any]:
    return {"text": msgspec.json.encode(found).decode()}


def _root() -> Path:
    root: Path = settings.DATTSS_DATA / "stats"
    return root
