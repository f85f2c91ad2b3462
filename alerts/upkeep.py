"""What time brings to open incidents: silences begin and end, acknowledgements expire, escalations are repeated."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.routing import in_use
from alerts import escalation, page_news, silences, timeline
from alerts.models import Incident, IncidentState

_CHANGED = ["state", "silenced", "round", "turn", "repeat_at"]


def tend(account_id: int, now: datetime) -> None:
    """Does what is due for the open incidents of an account; done twice, it changes nothing."""
    with transaction.atomic():
        rows = Incident.locked().filter(account_id=account_id)
        burning = list(rows.exclude(state=IncidentState.RESOLVED))
        if not burning:
            return
        expired = _expire(burning, now)
        unsilenced = _hear(burning, now)
        again = [one for one in burning if (one in expired or one in unsilenced) and _is_told(one)]
        for one in again:
            one.round += 1
        escalation.begin(again, now)
        repeated = [one for one in burning if _is_told(one) and one.repeat_at is not None and one.repeat_at <= now]
        escalation.repeat(repeated, now)
        timeline.tell_all([(one, f"Told again, time {one.turn}.") for one in repeated], timeline.REPEATED, now)
        Incident.objects.bulk_update(burning, _CHANGED, batch_size=500)


def accounts_that_burn(shard: int) -> list[int]:
    """The open accounts of a shard that have open incidents."""
    rows = Incident.objects.filter(account__closed=None).exclude(state=IncidentState.RESOLVED)
    places = rows.order_by("account_id").values_list("account_id", "account__shard").distinct()
    return [account_id for account_id, place in places if in_use(place) == shard]


def _is_told(incident: Incident) -> bool:
    return incident.state == IncidentState.FIRING and not incident.silenced


def _expire(burning: Sequence[Incident], now: datetime) -> list[Incident]:
    """Those whose acknowledgement ends."""
    expired = [
        one
        for one in burning
        if one.state == IncidentState.ACKNOWLEDGED and one.acknowledged_until and one.acknowledged_until <= now
    ]
    for one in expired:
        one.state = IncidentState.FIRING
    timeline.tell_all([(one, "The acknowledgement has ended.") for one in expired], timeline.EXPIRED, now)
    page_news.tell_after_commit(expired)
    return expired


def _hear(burning: Sequence[Incident], now: datetime) -> list[Incident]:
    """Notes which are silenced by now; returns those that are not any more."""
    holding = silences.active(burning[0].account_id, now)
    by = {one.pk: silences.covering(holding, one) for one in burning}
    ended = [one for one in burning if by[one.pk] is None and one.silenced]
    silences.begin([(one, held) for one in burning if (held := by[one.pk]) is not None and not one.silenced], now)
    for one in ended:
        one.silenced = False
    timeline.tell_all([(one, "The silence has ended.") for one in ended], timeline.UNSILENCED, now)
    return ended
