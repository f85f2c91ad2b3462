"""What happened to an incident, line by line."""

from datetime import datetime

from accounts.models import User
from alerts.models import Incident, IncidentEvent

TOLD = "told"
NOT_TOLD = "not-told"


def tell(incident: Incident, kind: str, text: str, at: datetime, person: User | None = None) -> None:
    """Adds a line, in the transaction of what it tells of."""
    IncidentEvent.objects.create(incident=incident, kind=kind, text=text, at=at, person=person)
