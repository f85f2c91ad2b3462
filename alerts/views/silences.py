"""The page of silences: those that hold or are to come, and a form for one more."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import Access, Right, enter
from accounts.timezones import zone_or_utc
from alerts import changes, dependents
from alerts.changes import ChangeError
from alerts.models import Silence
from alerts.silence_form import SilenceForm, windows_in_words

MOST_LISTED = 200


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def silences(request: HttpRequest, account_id: int) -> HttpResponse:
    """The silences that have not ended, the one that ends first at the front; a POST makes one."""
    posted = request.method == "POST"
    access = enter(request, account_id, Right.CHANGE if posted else Right.READ)
    form = SilenceForm(access.account, zone_or_utc(request.user).key, request.POST if posted else None)
    if posted and form.is_valid() and _made(request, access, form):
        return redirect("silences", account_id)
    now = timezone.now()
    rows = Silence.objects.filter(account=access.account, ends__gt=now).select_related("rule", "by")
    listed = [(one, windows_in_words(one.recurrence)) for one in rows.order_by("ends", "pk")[:MOST_LISTED]]
    return render(request, "alerts/silences.html", {"access": access, "form": form, "rows": listed, "now": now})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def end(request: HttpRequest, account_id: int, silence_id: int) -> HttpResponse:
    """Asks whether a silence shall end now, and says what is told then; a POST ends it."""
    access = enter(request, account_id, Right.CHANGE)
    silence, now = changes.silence_of(access, silence_id), timezone.now()
    if request.method != "POST":
        context = {"access": access, "silence": silence, "held": dependents.held_by(silence, now), "now": now}
        return render(request, "alerts/end_silence.html", context)
    changes.end_silence(request, silence, now)
    messages.success(request, "The silence is over. What still burns is told within seconds.")
    return redirect("silences", account_id)


def _made(request: HttpRequest, access: Access, form: SilenceForm) -> bool:
    """Whether there is such a silence now; the form has what is wrong."""
    now = timezone.now()
    try:
        changes.make_silence(request, access, form.draft(now), now)
    except ChangeError as error:
        form.blame(error)
        return False
    return True
