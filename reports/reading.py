"""Reads what a report is made of: groups and processes from the account's engine, days of its stats from its files.

It runs where these files are: on the machine of the account's shard.
"""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from accounts.models import Account
from accounts.routing import shard_of
from reports import findings
from reports.facts import Facts, Group
from reports.periods import Period
from stats import history
from stats.aggregation.group_state import Decision, state_of
from stats.decisions import decisions_of
from stats.engine_call import ask
from stats.events import LEVELS
from stats.history import DayHistory, View
from stats.storage.packed import stored_stats
from stats.storage.paths import Stat

TIMEOUT = 5.0  # seconds
STEP = 60  # minutes: the bins in which days are compared
MOST_STATS = 2000  # that are looked at for one report


def facts(account: Account, period: Period, now: float) -> Facts:
    """What there is to tell. Raises EngineError, OSError, DamagedPackError: then nobody knows."""
    new, again = _groups(account, period, now)
    stats = sorted(_stats(account.pk, period))
    grew, silent = [], []
    for stat in stats[:MOST_STATS]:
        days = [_day(stat, day, period) for day in period.days]
        grown = findings.growth(stat.kind, days, period.zone)
        if grown is not None:
            grew.append((stat, grown))
        since = _silent_since(stat, days, period, now)
        if since is not None:
            silent.append((stat, since))
        time.sleep(0)  # where it is a thread of the server, commits have their turn
    gone = _gone(account, period) if silent else {}
    return Facts(new, again, grew, silent, gone, max(0, len(stats) - MOST_STATS))


def _groups(account: Account, period: Period, now: float) -> tuple[list[Group], list[Group]]:
    """The groups that the period had first, and those that came again although they were resolved; errors first."""
    new, again = [], []
    for level in LEVELS:
        decisions = decisions_of(account, level)
        for group in _asked(account, {"type": "engine.events", "level": level})["groups"]:
            decision = decisions.get(group["key"])
            state = state_of(decision, group["last"], now)
            if period.start <= group["first"] < period.end and state != "muted":
                new.append(group)
            elif state == "regression" and _came_in(period, group, decision):
                again.append(group)
    return new, again


def _came_in(period: Period, group: Group, decision: Decision | None) -> bool:
    return group["last"] >= period.start and decision is not None and decision.at < period.end


def _gone(account: Account, period: Period) -> dict[str, float]:
    """The processes that have sent nothing since the period, and when they were heard last."""
    states = _asked(account, {"type": "engine.states"})
    return {state["nam"]: state["seen"] for state in states if state["seen"] < period.end}


def _silent_since(stat: Stat, days: list[DayHistory], period: Period, now: float) -> float | None:
    """The last hour of a stat that went silent in the period and is so until now."""
    if not findings.is_silent(days, period.zone):
        return None
    today = datetime.fromtimestamp(now, period.zone).date()
    since = (period.last + timedelta(days=1 + number) for number in range((today - period.last).days))
    if any(findings.spoke(_day(stat, day, period)) for day in since):
        return None
    return findings.silent_since(_day(stat, period.first - timedelta(days=1), period), days, period.zone)


def _day(stat: Stat, day: date, period: Period) -> DayHistory:
    return history.day(_root(), stat, View(day, period.zone, STEP))


def _stats(account: int, period: Period) -> set[Stat]:
    """The stats with values in the period or on one of the seven days before it."""
    return {stat for day in _utc_days(period) for stat in stored_stats(_root(), account, day)}


def _utc_days(period: Period) -> Iterator[date]:
    first = datetime.fromtimestamp(period.start, UTC).date() - timedelta(days=history.WEEK)
    last = datetime.fromtimestamp(period.end - 1, UTC).date()
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _asked(account: Account, message: dict[str, Any]) -> Any:
    reply = ask(shard_of(account), message | {"account": account.pk}, TIMEOUT)
    return msgspec.json.decode(reply["text"])


def _root() -> Path:
    root: Path = settings.DATTSS_DATA / "stats"
    return root
