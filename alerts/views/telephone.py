"""What Twilio asks and tells this server; nobody else is let in, by the signature.

https://www.twilio.com/docs/voice/twiml/gather, https://www.twilio.com/docs/messaging/guides/track-outbound-message-status,
https://www.twilio.com/docs/voice/answering-machine-detection. News come in any order, and more than once.
"""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.twiml import TwiML
from twilio.twiml.messaging_response import MessagingResponse

from accounts.telephony import is_from_twilio
from alerts import answers, news, spoken
from alerts.models import Channel, How, Notification
from alerts.telephone import keys_url
from alerts.wording import ACKNOWLEDGE, RESOLVE, compose

View = Callable[..., HttpResponse]

_NOT_TAKEN = {
    "busy": "The line was busy.",
    "no-answer": "Nobody answered.",
    "failed": "The number could not be called.",
    "canceled": "The call was cancelled.",
    "completed": "It was answered, but nobody knows by whom, and no key was pressed.",
}
_SMS_ERRORS = {
    "30003": "The phone is off or out of reach.",
    "30004": "The number blocks our messages.",
    "30005": "There is no such number, or it is not in use.",
    "30006": "This number takes no SMS.",
    "30007": "The network took the message for spam.",
    "30008": "The network did not deliver it, and does not say why.",
    "21610": "The number has answered STOP to our messages.",
}


def _from_twilio(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **parameters: int) -> HttpResponse:
        if not is_from_twilio(request):
            raise PermissionDenied
        return view(request, **parameters)

    return csrf_exempt(require_POST(guarded))


@_from_twilio
def telephone_news(request: HttpRequest, notification_id: int) -> HttpResponse:
    """How a message or a call went."""
    notification = _told(notification_id)
    if notification.channel == Channel.SMS:
        _sms_news(notification, request.POST.get("MessageStatus", ""), request.POST.get("ErrorCode", ""))
    else:
        _call_news(notification, request.POST.get("AnsweredBy", ""), request.POST.get("CallStatus", ""))
    return HttpResponse(status=204)


@_from_twilio
def telephone_keys(request: HttpRequest, notification_id: int) -> HttpResponse:
    """A key was pressed in a call: whoever did is a person, and has heard it."""
    notification = _told(notification_id)
    now, key = timezone.now(), request.POST.get("Digits", "")
    news.delivered(notification, "answered, and a key was pressed", now)
    message = compose(notification)
    if key not in (ACKNOWLEDGE, RESOLVE) or not message.answer:
        return _twiml(spoken.again(notification, message, keys_url(notification)))
    answered = answers.answer(notification, key, How.KEY, now)
    return _twiml(spoken.reply(notification, key, changed=answered.changed))


@_from_twilio
def telephone_reply(request: HttpRequest) -> HttpResponse:
    """An SMS to our number. Only what is an answer is answered: two machines would go on for ever."""
    found = answers.answer_of_sms(request.POST.get("From", ""), request.POST.get("Body", ""), timezone.now())
    response = MessagingResponse()
    if found is not None:
        key, answered = found
        response.message(_in_words(key, answered))
    return _twiml(response)


def _told(notification_id: int) -> Notification:
    told = Notification.objects.select_related("account", "incident", "person")
    return get_object_or_404(told, pk=notification_id, channel__in=(Channel.SMS, Channel.PHONE))


def _sms_news(notification: Notification, status: str, error: str) -> None:
    if status == "delivered":
        news.delivered(notification, "delivered", timezone.now())
    elif status in ("undelivered", "failed"):
        why = _SMS_ERRORS.get(error, f"The network did not deliver it (error {error[:10] or 'unknown'}).")
        news.failed(notification, why, timezone.now())


def _call_news(notification: Notification, answered_by: str, status: str) -> None:
    if answered_by == "human":
        news.delivered(notification, "answered by a person", timezone.now())
    elif answered_by.startswith(("machine", "fax")):
        news.failed(notification, "A machine answered.", timezone.now())
    elif status in _NOT_TAKEN:
        news.failed(notification, _NOT_TAKEN[status], timezone.now())


def _in_words(key: str, answered: answers.Answered) -> str:
    numbers = ", ".join(f"#{incident.number}" for incident in answered.about)
    done = "acknowledged" if key == ACKNOWLEDGE else "resolved"
    return f"{numbers}: {done}." if answered.changed else f"{numbers}: somebody was faster."


def _twiml(response: TwiML) -> HttpResponse:
    return HttpResponse(str(response), content_type="text/xml")
