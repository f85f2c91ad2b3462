"""What the mail provider tells of mails: bounces and deliveries, read by django-anymail.

https://anymail.dev/en/stable/sending/tracking/. Open only where a secret for it is set.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts import news
from alerts.models import Channel, Notification

_LOST = {
    EventType.BOUNCED: "The mail came back.",
    EventType.REJECTED: "The mail provider refused to send it.",
    EventType.FAILED: "The mail provider could not send it.",
}
_VIEWS = {
    "brevo": "BrevoTrackingWebhookView",
    "mailersend": "MailerSendTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mandrill": "MandrillCombinedWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sparkpost": "SparkPostTrackingWebhookView",
}


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def mail_events(request: HttpRequest) -> HttpResponseBase:
    """Events of the provider that mail goes through; 403 where none is set up to tell of any. By a HEAD, Mandrill looks
    whether there is anybody at this address before it takes it."""
    provider = settings.EMAIL_BACKEND.split(".")[-2]
    if provider not in _VIEWS or "WEBHOOK_SECRET" not in settings.ANYMAIL:
        raise PermissionDenied
    theirs = getattr(import_module(f"anymail.webhooks.{provider}"), _VIEWS[provider])
    checked: Any = type("MailEvents", (_Checked, theirs), {})
    answer: HttpResponseBase = checked.as_view()(request)
    return answer


class _Checked:
    """Before a provider's view: what it cannot read is a bad request, not an error of ours."""

    def run_validators(self, request: HttpRequest) -> None:
        with _readable():
            super().run_validators(request)  # type: ignore[misc]  # the provider's

    def parse_events(self, request: HttpRequest) -> Any:
        with _readable():
            return super().parse_events(request)  # type: ignore[misc]  # the provider's


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SuspiciousOperation("events that cannot be read") from error


@receiver(tracking)
def take(event: AnymailTrackingEvent, **_: object) -> None:
    """Notes what became of a mail, where it was one of ours."""
    notification = _mail_of(event)
    if notification is None:
        return
    if event.event_type == EventType.DELIVERED and notification.why not in _LOST.values():
        news.delivered(notification, "delivered", timezone.now())
    elif event.event_type in _LOST:
        news.bounced(notification, _LOST[event.event_type], timezone.now())


def _mail_of(event: AnymailTrackingEvent) -> Notification | None:
    """By the number that went with the mail, else by the provider's id of it."""
    mails = Notification.objects.filter(channel=Channel.EMAIL)
    number = str((event.metadata or {}).get("notification", ""))
    if number.isascii() and number.isdigit() and len(number) <= 18:
        return mails.filter(pk=int(number)).first()
    known = event.message_id and event.message_id.isprintable()  # PostgreSQL takes no NUL
    return mails.filter(provider_id=event.message_id).first() if known else None
