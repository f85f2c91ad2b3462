"""The health of a process, as the page of processes and the API show it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from stats.aggregation import live
from stats.aggregation.instances import Instance, habit, restarts_since, shown
from stats.aggregation.quiet import state_of
from stats.aggregation.registry import Account, Process

_HOUR = 3600.0
_CROWDED_SECONDS = 60.0
_LOST, _BAD = "dattss.lost", "dattss.bad"  # counters of our clients


def entry(process: Process, now: float) -> dict[str, Any]:
    """The process with its restarts, its commits that were late or are missing, what its client has lost or found bad,
    and its instances: those that run first, then the newest first."""
    instances = process.instances
    known = instances.all()
    return {
        **live.process_entry(process, now),
        "restarts": instances.restarts,
        "restarts_hour": restarts_since(instances.restarted, now - _HOUR),
        "restarts_every": habit(instances.restarted, now),
        "late": instances.late + sum(one.late for one in known),
        "missing": instances.missing + sum(one.missing for one in known),
        "lost": _total(process, _LOST),
        "bad": _total(process, _BAD),
        "more": now - instances.crowded < _CROWDED_SECONDS,
        "instances": [_instance(one, now) for one in shown(known)],
    }


def entries(account: Account, now: float) -> Iterator[dict[str, Any]]:
    """Of each process of the account its `entry`; what has come since is in those that come later."""
    for process in [*account.processes.values()]:
        yield entry(process, now)


def _instance(one: Instance, now: float) -> dict[str, Any]:
    """An instance; one that has ended is down, however short ago it spoke."""
    state = "down" if one.ended else state_of(one.seen, now)
    fields = {name: getattr(one, name) for name in _FIELDS}
    return {**fields, "state": state, "began": round(one.began, 3), "seen": round(one.seen, 3), "ended": one.ended > 0}


def _total(process: Process, name: str) -> float | int:
    stat = process.stats["c"].get(name)
    if stat is None:
        return live.whole(process.account.resting.number(process.name, "c", name))
    stat.page.fold()
    return live.whole(float(stat.page.total[stat.row]))


_FIELDS = [
    field.name
    for field in msgspec.structs.fields(Instance)
    if field.name not in ("first", "next", "began", "seen", "ended")
]
