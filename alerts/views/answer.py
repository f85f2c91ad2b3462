"""Where the secret link of a message leads: a page that asks, so that programs which open all links of a mail to look
at them acknowledge nothing."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.timezones import zone_or_utc
from alerts import answers, links, saying
from alerts.about import incidents_of, may_answer
from alerts.models import How, IncidentState
from alerts.wording import ACKNOWLEDGE, RESOLVE

_KEYS = {"acknowledge": ACKNOWLEDGE, "resolve": RESOLVE}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def answer(request: HttpRequest, secret: str) -> HttpResponse:
    """Shows what a message tells of; a POST acknowledges or resolves it in the name of who was told."""
    notification = links.notification_of(secret)
    if notification is None or not may_answer(notification):
        raise Http404
    key = _KEYS.get(request.POST.get("do", ""))
    answered = answers.answer(notification, key, How.LINK, timezone.now()) if key else None
    about = incidents_of(notification)
    context = {
        "notification": notification,
        "incidents": [
            (incident, saying.sentence_for(incident, zone_or_utc(notification.person))) for incident in about
        ],
        "is_firing": any(incident.state == IncidentState.FIRING for incident in about),
        "is_open": any(incident.is_open for incident in about),
        "answered": answered,
        "page": links.page_of(notification.account_id, about),
    }
    return render(request, "alerts/answer.html", context)
