"""The pages of who is told: escalations with their steps, and a test of each way."""

from collections.abc import Container
from dataclasses import dataclass

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
from alerts.models import Escalation, EscalationStep, Notification, NotificationKind
from alerts.way_forms import EscalationForm, step_forms

MOST_TESTS_SHOWN = 10


@dataclass(frozen=True)
class _Row:
    """An escalation as the page lists it; a mute one tells nobody, since all that its steps lead to was removed."""

    escalation: Escalation
    steps: list[str]
    mute: bool


@require_safe
@login_required
@never_cache
def escalations(request: HttpRequest, account_id: int) -> HttpResponse:
    """Escalations with their steps in words; for those who may change them, ways to try and endpoints too."""
    access = enter(request, account_id)
    known = ways.ways_of(access.account)
    context: dict[str, object] = {"access": access, "rows": _rows(access, {way.key for way in known})}
    if access.can_write:
        tests = Notification.objects.filter(account=access.account, kind=NotificationKind.TEST)
        context |= {
            "ways": known,
            "endpoints": [one.endpoint for one in known if one.endpoint],
            "tests": tests.order_by("-created")[:MOST_TESTS_SHOWN],
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


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def delete_escalation(request: HttpRequest, account_id: int, escalation_id: int) -> HttpResponse:
    """Asks whether the escalation shall be deleted, or says which rules tell by it; a POST deletes it."""
    access = enter(request, account_id, Right.CHANGE)
    found = ways.escalation_of(access, escalation_id)
    if request.method != "POST":
        rules = found.rules.order_by("name", "pk")
        return render(request, "alerts/delete_escalation.html", {"access": access, "escalation": found, "rules": rules})
    try:
        ways.delete_escalation(request, found)
    except ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Deleted {found.name}.")
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


def _rows(access: Access, known: Container[str]) -> list[_Row]:
    steps = Prefetch("steps", EscalationStep.objects.select_related("contact__user", "endpoint"))
    rows = []
    for one in ways.escalations_of(access.account).prefetch_related(steps):
        taken = one.steps.all()
        mute = not any(ways.key_of(step) in known for step in taken)
        rows.append(_Row(one, [_in_words(step, access) for step in taken], mute))
    return rows


def _in_words(step: EscalationStep, access: Access) -> str:
    """Such as `after 3 min: SMS to +15005550006 (alice@example.org)`."""
    when = "at once" if not step.after_seconds else f"after {step.after_seconds / 60:g} min"
    return f"{when}: {step.get_channel_display()} to {ways.whom(step, access)}"
