"""What alerts keep: rules and how far they are evaluated, who is told when, incidents, messages, silences."""

from alerts.models.escalation import Channel, Endpoint, EndpointKind, Escalation, EscalationStep
from alerts.models.incident import How, Incident, IncidentEvent, IncidentState
from alerts.models.notification import Notification, NotificationKind, NotificationState
from alerts.models.rule import Progress, Rule, TargetKind
from alerts.models.silence import Silence
from alerts.models.spending import Cap, Spending

__all__ = [
    "Cap",
    "Channel",
    "Endpoint",
    "EndpointKind",
    "Escalation",
    "EscalationStep",
    "How",
    "Incident",
    "IncidentEvent",
    "IncidentState",
    "Notification",
    "NotificationKind",
    "NotificationState",
    "Progress",
    "Rule",
    "Silence",
    "Spending",
    "TargetKind",
]
