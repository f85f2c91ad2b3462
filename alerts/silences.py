"""Which incidents are kept quiet at a moment.

`Incident.silenced` is what was noted of that: whoever keeps a message back notes it, so that the end of the silence,
which `alerts.upkeep` notices by that, tells of what still burns.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from alerts import escalation, recurrence, targets, timeline
from alerts.models import Incident, Silence


def active(account_id: int, now: datetime) -> list[Silence]:
    """The silences of an account that hold at the moment."""
    rows = Silence.objects.filter(account_id=account_id, starts__lte=now, ends__gt=now)
    return [one for one in rows if one.recurrence is None or recurrence.convert(one.recurrence).covers(now)]


def covering(silences: list[Silence], incident: Incident) -> Silence | None:
    """One of the silences that is about this incident."""
    return next((one for one in silences if _is_about(one, incident)), None)


def begin(silenced: Sequence[tuple[Incident, Silence]], now: datetime) -> None:
    """Nobody is told of these incidents from now on. Sets `silenced` and `repeat_at` and does not save them."""
    for incident, _ in silenced:
        incident.silenced, incident.repeat_at = True, None
    escalation.stop([incident for incident, _ in silenced], "A silence has begun.")
    lines = [(incident, f"Silenced: {silence.reason}") for incident, silence in silenced]
    timeline.tell_all(lines, timeline.SILENCED, now)


def keep_quiet(incidents: Collection[Incident], now: datetime) -> bool:
    """Whether nobody is to be told of any of these incidents of an account now, in a transaction; then that is noted
    where it was not yet."""
    holding = active(next(iter(incidents)).account_id, now)
    by = {one.pk: covering(holding, one) for one in incidents}
    if not all(one.silenced or by[one.pk] is not None for one in incidents):
        return False
    unnoted = [one for one in Incident.locked().filter(pk__in=by, silenced=False) if one.is_open]
    begin([(one, held) for one in unnoted if (held := by[one.pk]) is not None], now)
    Incident.objects.bulk_update(unnoted, ["silenced", "repeat_at"])
    return True


def _is_about(silence: Silence, incident: Incident) -> bool:
    if silence.rule_id is not None:
        return silence.rule_id == incident.rule_id
    if silence.process:
        return silence.process == targets.process_of(incident.target)
    return targets.matches(silence.pattern, incident.target)
