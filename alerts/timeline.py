"""What happened to an incident, line by line."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from alerts.models import Incident, IncidentEvent

OPENED = "opened"
ACKNOWLEDGED = "acknowledged"
EXPIRED = "expired"  # its acknowledgement
SILENCED = "silenced"
UNSILENCED = "unsilenced"
REPEATED = "repeated"
RESOLVED = "resolved"
TOLD = "told"
NOT_TOLD = "not-told"


def tell(incident: Incident, kind: str, text: str, at: datetime, person: User | None = None) -> None:
    """Adds a line, in the transaction of what it tells of."""
    IncidentEvent.objects.create(incident=incident, kind=kind, text=text, at=at, person=person)


def tell_all(lines: Iterable[tuple[Incident, str]], kind: str, at: datetime, person: User | None = None) -> None:
    """The same for many, each with its text."""
    IncidentEvent.objects.bulk_create(
        IncidentEvent(incident=incident, kind=kind, text=text, at=at, person=person) for incident, text in lines
    )
