"""E-mail: plain text and HTML, all mails of an incident in one thread."""

import re

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import mail
from accounts.timezones import zone_or_utc
from alerts.models import Notification
from alerts.wording import Message, compose

_PORT = re.compile(r":[0-9]+$")


class Email:
    """Mails go to the address that the notification has."""

    most_doubtful = 2
    answers = False

    def send(self, notification: Notification) -> str:
        return mail.deliver(written(notification))


def written(notification: Notification) -> EmailMultiAlternatives:
    """The mail of a notification."""
    message = compose(notification)
    context = {"message": message, "notification": notification}
    with timezone.override(zone_or_utc(notification.person)):
        text, html = (render_to_string(f"alerts/email/message.{kind}", context) for kind in ("txt", "html"))
    letter = EmailMultiAlternatives(
        message.subject, text.strip() + "\n", to=[notification.address], headers=_headers(notification, message)
    )
    letter.attach_alternative(html, "text/html")
    letter.metadata = {"notification": str(notification.pk)}  # type: ignore[attr-defined]  # django-anymail's
    return letter


def _headers(notification: Notification, message: Message) -> dict[str, str]:
    """A mail that is sent again has the id that it had: mail programs show it once. The thread's root is a mail that
    nobody got, so that it does not matter which mail comes first."""
    domain = _PORT.sub("", mail.site().domain)
    headers = {
        "Message-ID": f"<notification-{notification.pk}@{domain}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office replies
    }
    if len(message.incidents) == 1:
        root = f"<incident-{message.incidents[0].pk}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    return headers
