"""How far an account's rules are evaluated, and the states that its targets have by then.

Whoever writes has read a version and counts it up, in the transaction of all that follows from it: of two that evaluate
the same at once, one has done it and the other begins anew.
"""

import logging
from dataclasses import dataclass

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
    row, _ = Progress.objects.get_or_create(account_id=account_id)
    return Loaded(account_id, row.minute, row.look, _states(row), row.version)


def store(after: Loaded) -> bool:
    """Replaces what was loaded; False, and nothing has changed, where somebody else has done so meanwhile.

    Call it in a transaction, before anything else in it: it holds the row until the end.
    """
    same = Progress.objects.filter(account_id=after.account_id, version=after.version)
    data = _encoder.encode(after.states)
    return bool(same.update(minute=after.minute, look=after.look, data=data, version=after.version + 1))


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
