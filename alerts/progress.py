"""How far an account's rules are evaluated, and the states that its targets have by then.

Whoever writes has read a version and counts it up, in the transaction of all that follows from it: of two that evaluate
the same at once, one has done it and the other begins anew.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from alerts.evaluation import States
from alerts.models import Incident, IncidentState, Progress
from alerts.rules import TargetState

log = logging.getLogger("dattss.alerts")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(States)


@dataclass(frozen=True)
class Loaded:
    """What is stored of an account; see `alerts.models.Progress`. `version` is that of the row as it was read."""

    account_id: int
    minute: int
    look: int
    states: States
    version: int


def load(account_id: int) -> Loaded:
    """What is stored; the row is made where there is none."""
    return _loaded(Progress.objects.get_or_create(account_id=account_id)[0])


def forget(account_id: int, which: Callable[[int, str], bool]) -> None:
    """Those targets of rules for which `which(rule, target)` holds begin anew.

    Call it in a transaction, before anything else in it: it waits for an evaluation that is being stored, and holds the
    row until the end.
    """
    Progress.objects.get_or_create(account_id=account_id)
    before = _loaded(Progress.objects.select_for_update(no_key=True).get(account_id=account_id))
    states = {
        rule: {target: state for target, state in found.items() if not which(rule, target)}
        for rule, found in before.states.items()
    }
    store(replace(before, states={rule: found for rule, found in states.items() if found}))


def store(after: Loaded) -> bool:
    """Replaces what was loaded; False, and nothing has changed, where somebody else has done so meanwhile.

    Call it in a transaction, before anything else in it: it holds the row until the end.
    """
    same = Progress.objects.filter(account_id=after.account_id, version=after.version)
    data = _encoder.encode(after.states)
    return bool(same.update(minute=after.minute, look=after.look, data=data, version=after.version + 1))


def _loaded(row: Progress) -> Loaded:
    return Loaded(row.account_id, row.minute, row.look, _states(row), row.version)


def _states(row: Progress) -> States:
    if not row.data:
        return {}
    try:
        return _decoder.decode(row.data)
    except msgspec.DecodeError as error:  # of another version
        log.error("The states of account %d begin anew, from its open incidents: %s", row.account_id, error)  # noqa: TRY400
        return _of_incidents(row.account_id)


def _of_incidents(account_id: int) -> States:
    states: States = {}
    burning = Incident.objects.filter(account_id=account_id, rule__isnull=False).exclude(state=IncidentState.RESOLVED)
    for rule, target, opened in burning.values_list("rule_id", "target", "opened"):
        at = int(opened.timestamp())
        states.setdefault(rule, {})[target] = TargetState("firing", at, at, at)
    return states
