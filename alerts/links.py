"""Where messages lead: pages of this server, and secret links by which their reader answers without logging in.

The secret of a link is a MAC over the message, keyed by the server's key and, in the database, by the incident's salt.
It is nowhere kept: a copy of the database alone makes no link.
"""

import re
from collections.abc import Sequence

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.mail import public_link
from alerts.models import Incident, Notification

_SECRET = re.compile(r"([1-9][0-9]{0,17})-([0-9a-f]{40})")


def page_of(account_id: int, about: Sequence[Incident]) -> str:
    """The page on which the people of an account see what a message is about: its incident, else all of them."""
    if len(about) == 1:
        return public_link(reverse("incident", args=[account_id, about[0].number]))
    return public_link(reverse("incidents", args=[account_id]))


def answer_link(notification: Notification) -> str:
    """The link by which whoever got this message acknowledges or resolves what it tells of."""
    return public_link(reverse("alert_answer", args=[f"{notification.pk}-{_mac(notification)}"]))


def notification_of(secret: str) -> Notification | None:
    """The message that a link came with; None for a forged one."""
    found = _SECRET.fullmatch(secret)
    if found is None:
        return None
    notification = Notification.objects.select_related("incident", "account", "person").filter(pk=int(found[1])).first()
    if notification is None or not constant_time_compare(_mac(notification), found[2]):
        return None
    return notification


def _mac(notification: Notification) -> str:
    salt = notification.incident.salt if notification.incident else ""
    told = f"{notification.pk} {notification.key} {salt}"
    return salted_hmac("alerts.links", told, algorithm="sha256").hexdigest()[:40]
