"""What a message is about: its incidents, and whether its reader may answer it."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404

from accounts.access import Right, access_for_user
from alerts.models import Incident, Notification


def incidents_of(notification: Notification) -> list[Incident]:
    """The incident of a message, or those of all messages that were folded into it, in the order of their numbers."""
    asked = Q(pk=notification.incident_id) | Q(notifications__folded_into=notification)
    return list(Incident.objects.filter(asked).select_related("account").distinct().order_by("number"))


def may_answer(notification: Notification) -> bool:
    """Whether the person that was told may acknowledge: who only looks, or has left the account, may not."""
    if notification.person is None:
        return False
    try:
        access_for_user(notification.person, notification.account_id, Right.CHANGE)
    except (Http404, PermissionDenied):
        return False
    return True
