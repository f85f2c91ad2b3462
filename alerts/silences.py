"""Which incidents are kept quiet at a moment."""

from datetime import datetime

from alerts import recurrence, targets
from alerts.models import Incident, Silence


def active(account_id: int, now: datetime) -> list[Silence]:
    """The silences of an account that hold at the moment."""
    rows = Silence.objects.filter(account_id=account_id, starts__lte=now, ends__gt=now)
    return [one for one in rows if one.recurrence is None or recurrence.convert(one.recurrence).covers(now)]


def covering(silences: list[Silence], incident: Incident) -> Silence | None:
    """One of the silences that is about this incident."""
    return next((one for one in silences if _is_about(one, incident)), None)


def _is_about(silence: Silence, incident: Incident) -> bool:
    if silence.rule_id is not None:
        return silence.rule_id == incident.rule_id
    if silence.process:
        return silence.process == targets.process_of(incident.target)
    return targets.matches(silence.pattern, incident.target)
