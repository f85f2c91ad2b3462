"""The pages of who is told: escalations with their steps, endpoints, and a test of each way."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Access, Right, enter
from alerts import ways
from alerts.changes import ChangeError
from alerts.models import EndpointKind, Escalation, EscalationStep, Notification, NotificationKind
from alerts.way_forms import EndpointForm, EscalationForm, step_forms

MOST_TESTS_SHOWN = 10


@require_safe
@login_required
@never_cache
def escalations(request: HttpRequest, account_id: int) -> HttpResponse:
    """Escalations with their steps in words; for those who may change them, ways to try and endpoints too."""
    access = enter(request, account_id)
    steps = Prefetch("steps", EscalationStep.objects.select_related("contact__user", "endpoint"))
    rows = ways.escalations_of(access.account).prefetch_related(steps)
    context: dict[str, object] = {
        "access": access,
        "rows": [(one, [_in_words(step, access) for step in one.steps.all()]) for one in rows],
    }
    if access.can_write:
        tests = Notification.objects.filter(account=access.account, kind=NotificationKind.TEST)
        known = ways.ways_of(access.account)
        context |= {
            "ways": known,
            "endpoints": [(one.endpoint, urlsplit(one.endpoint.url).hostname) for one in known if one.endpoint],
            "tests": tests.select_related("person").order_by("-created")[:MOST_TESTS_SHOWN],
        }
    return render(request, "alerts/escalations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new_escalation(request: HttpRequest, account_id: int) -> HttpResponse:
    """A form for an escalation; a POST makes it."""
    return _edit(request, enter(request, account_id, Right.CHANGE), None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def escalation(request: HttpRequest, account_id: int, escalation_id: int) -> HttpResponse:
    """The form of an escalation; a POST changes it."""
    access = enter(request, account_id, Right.CHANGE)
    return _edit(request, access, ways.escalation_of(access, escalation_id))


@require_POST
@login_required
def delete_escalation(request: HttpRequest, account_id: int, escalation_id: int) -> HttpResponse:
    """Deletes an escalation that no rule tells by."""
    access = enter(request, account_id, Right.CHANGE)
    found = ways.escalation_of(access, escalation_id)
    try:
        ways.delete_escalation(request, found)
    except ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Deleted {found.name}.")
    return redirect("escalations", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new_endpoint(request: HttpRequest, account_id: int) -> HttpResponse:
    """A form for an endpoint; a POST makes it."""
    access = enter(request, account_id, Right.CHANGE)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = ways.make_endpoint(request, access, EndpointKind(given["kind"]), given["name"], given["url"])
        except ChangeError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"{made.name} can be told now. Try it.")
            return redirect("escalations", account_id)
    return render(request, "alerts/new_endpoint.html", {"access": access, "form": form})


@require_POST
@login_required
def delete_endpoint(request: HttpRequest, account_id: int, endpoint_id: int) -> HttpResponse:
    """Removes an endpoint."""
    access = enter(request, account_id, Right.CHANGE)
    found = ways.endpoint_of(access, endpoint_id)
    ways.delete_endpoint(request, found)
    messages.success(request, f"Removed {found.name}. Steps to it are passed over.")
    return redirect("escalations", account_id)


@require_POST
@login_required
def try_way(request: HttpRequest, account_id: int) -> HttpResponse:
    """Sends a test by the posted `way`."""
    access = enter(request, account_id, Right.CHANGE)
    try:
        way = ways.try_way(request, access, request.POST.get("way", ""), timezone.now())
    except ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"A test goes out: {way.shown}. What becomes of it is shown below.")
    return redirect("escalations", account_id)


def _edit(request: HttpRequest, access: Access, found: Escalation | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form, steps = EscalationForm(data, found), step_forms(ways.ways_of(access.account), data, found)
    if data is not None and form.is_valid() and steps.is_valid():
        draft = form.draft([step for one in steps if (step := one.draft()) is not None])
        try:
            if found is None:
                ways.make_escalation(request, access, draft)
            else:
                ways.change_escalation(request, found, draft)
        except ChangeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"Kept {draft.name.strip()}.")
            return redirect("escalations", access.account.pk)
    context = {"access": access, "escalation": found, "form": form, "steps": steps}
    return render(request, "alerts/escalation.html", context)


def _in_words(step: EscalationStep, access: Access) -> str:
    """Such as `after 3 min: SMS to +15005550006 (alice@example.org)`; who only looks does not see numbers."""
    when = "at once" if not step.after_seconds else f"after {step.after_seconds / 60:g} min"
    if step.endpoint is not None:
        whom = step.endpoint.name
    elif step.contact is None:
        whom = "nobody: it was removed"
    else:
        whom = f"{step.contact.shown} ({step.contact.user})" if access.can_write else str(step.contact.user)
    return f"{when}: {step.get_channel_display()} to {whom}"
