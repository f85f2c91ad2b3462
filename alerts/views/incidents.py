"""The pages of incidents: what burns, what burned, and what happened in each."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import Access, Right, enter
from accounts.routing import shard_of
from accounts.timezones import zone_or_utc
from alerts import canary, changes, incident_lists, saying
from alerts.changes import ChangeError
from alerts.masking import reader_of
from alerts.models import How, Incident

# How long an acknowledgement may hold, in hours; 0: as long as it lasts.
HOURS = {0: "As long as it lasts", 1: "For 1 hour", 4: "For 4 hours", 24: "For 1 day"}
_BIGGEST = 2**31


@require_safe
@login_required
@never_cache
def incidents(request: HttpRequest, account_id: int) -> HttpResponse:
    """Open incidents, then a page of those that are over, and when alerting was seen to work last."""
    access = enter(request, account_id)
    zone, now, reader = zone_or_utc(request.user), timezone.now(), reader_of(request, access)
    past = incident_lists.past_incidents(reader, zone, _number_in(request.GET.get("before", "")))
    context = _verified(access, now) | {
        "access": access,
        "now": now,
        "open": incident_lists.open_incidents(reader, zone),
        "past": past[: incident_lists.PAGE],
        "older": past[incident_lists.PAGE - 1].incident.number if len(past) > incident_lists.PAGE else None,
    }
    return render(request, "alerts/incidents.html", context)


@require_safe
@login_required
@never_cache
def incident(request: HttpRequest, account_id: int, number: int) -> HttpResponse:
    """One incident: its timeline, and every message that was or is to be sent."""
    access = enter(request, account_id)
    found, zone = incident_lists.incident_numbered(access, number), zone_or_utc(request.user)
    reader = reader_of(request, access)
    context = {
        "access": access,
        "now": timezone.now(),
        "incident": found,
        "sentence": saying.sentence_for(found, zone),
        "timeline": incident_lists.timeline_of(found, reader, zone),
        "told": incident_lists.messages_of(found, reader),
        "hours": HOURS,
    }
    return render(request, "alerts/incident.html", context)


@require_POST
@login_required
def acknowledge(request: HttpRequest, account_id: int, number: int) -> HttpResponse:
    """Somebody takes care of it, perhaps for so many `hours`."""
    hours = _number_in(request.POST.get("hours", ""))
    now = timezone.now()
    until = now + timedelta(hours=hours) if hours in HOURS and hours else None
    return _changed(
        request, account_id, number, lambda found: changes.acknowledge(request, found, How.PAGE, now, until)
    )


@require_POST
@login_required
def resolve(request: HttpRequest, account_id: int, number: int) -> HttpResponse:
    """Somebody says that it is over."""
    now = timezone.now()
    return _changed(request, account_id, number, lambda found: changes.resolve(request, found, How.PAGE, now))


def _changed(request: HttpRequest, account_id: int, number: int, change: Callable[[Incident], None]) -> HttpResponse:
    """Changes an incident, and goes back to the page that asked for it."""
    access = enter(request, account_id, Right.CHANGE)
    found = incident_lists.incident_numbered(access, number)
    try:
        change(found)
    except ChangeError as error:
        messages.error(request, str(error))
    if request.POST.get("back") == "list":
        return redirect("incidents", account_id)
    return redirect("incident", account_id, number)


def _verified(access: Access, now: datetime) -> dict[str, object]:
    """When a canary of the account's server came through last, and whether that is too long ago."""
    last = canary.came_through(shard_of(access.account))
    late = last is None or (now - last).total_seconds() >= canary.LATE
    return {"verified": last, "verified_late": late}


def _number_in(text: str) -> int | None:
    """The number that a query or form has; None for what is none."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        return None
    return min(int(text), _BIGGEST)
