"""The addresses at which Twilio tells this server what becomes of a message."""

from django.urls import reverse

from accounts.mail import public_link
from alerts.models import Notification


def news_url(notification: Notification) -> str:
    """Told how the message or the call went, and who answered."""
    return public_link(reverse("alert_telephone_news", args=[notification.pk]))


def keys_url(notification: Notification) -> str:
    """Told which key was pressed in the call."""
    return public_link(reverse("alert_telephone_keys", args=[notification.pk]))
