"""Incidents as pages list them, and who was told of each."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404

from accounts.access import Access
from accounts.models import Account
from alerts import saying
from alerts.masking import Reader
from alerts.models import Incident, IncidentEvent, IncidentState, Notification, NotificationState
from alerts.wording import ALARMS

MOST_OPEN = 200
PAGE = 50

_ARRIVED = (NotificationState.SENT, NotificationState.DELIVERED, NotificationState.UNKNOWN)
_LOST = (NotificationState.FAILED, NotificationState.SKIPPED)
_WAITING = (NotificationState.PENDING, NotificationState.CLAIMED)


@dataclass
class Listed:
    """An incident, its sentence in the reader's time zone, and its alarms: `told`, such as `alice@example.org by
    E-mail, SMS`, those that did not arrive, and the one that is due next, for `coming_to`."""

    incident: Incident
    sentence: str
    told: list[str] = field(default_factory=list)
    lost: int = 0
    coming: Notification | None = None
    coming_to: str = ""


def of_account(account: Account) -> QuerySet[Incident]:
    """All incidents that people see: not those of canaries."""
    rows = Incident.objects.filter(account=account).exclude(rule__canary=True)
    return rows.select_related("acknowledged_by", "resolved_by")


def firing(account: Account) -> QuerySet[Incident]:
    """Those that nobody has acknowledged."""
    return of_account(account).filter(state=IncidentState.FIRING)


def open_incidents(reader: Reader, zone: ZoneInfo) -> list[Listed]:
    """What burns, unacknowledged ones first, then the newest; at most `MOST_OPEN`."""
    rows = of_account(reader.access.account).filter(state__in=(IncidentState.FIRING, IncidentState.ACKNOWLEDGED))
    return _with_alarms(rows.order_by("-state", "-number")[:MOST_OPEN], zone, reader)


def past_incidents(reader: Reader, zone: ZoneInfo, before: int | None) -> list[Listed]:
    """A page of those that are over, the newest first: of numbers below `before`. One more than `PAGE` where there
    are older ones."""
    rows = of_account(reader.access.account).filter(state=IncidentState.RESOLVED)
    if before is not None:
        rows = rows.filter(number__lt=before)
    return _with_alarms(rows.order_by("-number")[: PAGE + 1], zone, reader)


def incident_numbered(access: Access, number: int) -> Incident:
    """Raises Http404 where the account has no such incident."""
    found = of_account(access.account).select_related("rule", "account").filter(number=number).first()
    if found is None:
        raise Http404
    return found


def timeline_of(incident: Incident, reader: Reader, zone: ZoneInfo | None = None) -> list[IncidentEvent]:
    """The lines of its timeline as the reader may see them, the oldest first; times as they are kept, or in `zone`."""
    lines = list(incident.events.order_by("at", "pk"))
    own = saying.sentence_for(incident, zone) if zone is not None else incident.sentence
    for line in lines:
        line.text = reader.line(line)
        if incident.sentence:
            line.text = line.text.replace(incident.sentence, own, 1)
    return lines


def messages_of(incident: Incident, reader: Reader) -> list[tuple[Notification, str]]:
    """Everything that somebody was to get of it, and who, in the order of time."""
    rows = incident.notifications.select_related("person").order_by("due", "pk")
    return [(one, reader.whom(one)) for one in rows]


def _with_alarms(incidents: Iterable[Incident], zone: ZoneInfo, reader: Reader) -> list[Listed]:
    listed = {one.pk: Listed(one, saying.sentence_for(one, zone)) for one in incidents}
    told: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = Notification.objects.filter(incident__in=listed, kind__in=ALARMS).select_related("person")
    for alarm in rows.order_by("due", "pk"):
        _note(listed[alarm.incident_id or 0], alarm, reader.whom(alarm), told[alarm.incident_id or 0])
    for pk, people in told.items():
        listed[pk].told = [f"{name} by {', '.join(channels)}" for name, channels in people.items()]
    return list(listed.values())


def _note(listed: Listed, alarm: Notification, whom: str, told: dict[str, list[str]]) -> None:
    if alarm.state in _ARRIVED:
        channel = alarm.get_channel_display()
        channels = told[whom]
        if channel not in channels:
            channels.append(channel)
    elif alarm.state in _WAITING:
        if listed.coming is None:
            listed.coming, listed.coming_to = alarm, whom
    elif alarm.state in _LOST and alarm.folded_into_id is None:
        listed.lost += 1
