"""Stand-in until alertcore's comes."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from alerts import timeline
from alerts.models import How, Incident, IncidentState, NotificationState


def acknowledge(incident: Incident, how: How, person: User | None, now: datetime) -> bool:
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk, state=IncidentState.FIRING)
        if not rows.update(
            state=IncidentState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=person, acknowledged_how=how
        ):
            return False
        incident.notifications.filter(state=NotificationState.PENDING).update(state=NotificationState.CANCELLED)
        timeline.tell(incident, "acknowledged", f"Acknowledged ({how.label}).", now, person)
    return True


def resolve(incident: Incident, how: How, person: User | None, now: datetime) -> bool:
    with transaction.atomic():
        rows = Incident.objects.filter(pk=incident.pk).exclude(state=IncidentState.RESOLVED)
        if not rows.update(state=IncidentState.RESOLVED, resolved_at=now, resolved_by=person, resolved_how=how):
            return False
        incident.notifications.filter(state=NotificationState.PENDING).update(state=NotificationState.CANCELLED)
        timeline.tell(incident, "resolved", f"Resolved ({how.label}).", now, person)
    return True
