"""The page on which somebody asks for reports, and the one on which he ends them without a log-in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.access import enter, person_of
from accounts.timezones import zone_or_utc
from reports.forms import ReportForm
from reports.periods import HOUR
from reports.subscribing import choose, chosen, membership_of_link, unsubscribe


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def report(request: HttpRequest, account_id: int) -> HttpResponse:
    """How often the person is mailed a report of the account; a POST sets it. Who may look may be told."""
    access = enter(request, account_id)
    form = ReportForm(request.POST if request.method == "POST" else None, initial={"every": chosen(request, access)})
    if form.is_valid():
        choose(request, access, form.cleaned_data["every"], timezone.now())
        messages.success(request, "Saved.")
        return redirect("account_report", account_id)
    person = person_of(request)
    shown = {"email": person.email, "zone": zone_or_utc(person).key, "has_zone": person.timezone, "hour": HOUR}
    return render(request, "reports/report_settings.html", {"account": access.account, "form": form, **shown})


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the link alone lets in
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def end(request: HttpRequest, token: str) -> HttpResponse:
    """Asks whether the reports shall end; a POST ends them. Programs that look through mails follow links by GET."""
    membership = membership_of_link(token)
    if request.method == "POST":
        unsubscribe(request, membership)
    return render(request, "reports/unsubscribe.html", {"of": membership, "ended": request.method == "POST"})
