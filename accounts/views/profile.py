"""A person's time zone, appearance and language of calls."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import person_of
from accounts.models import Theme
from accounts.profile_form import ProfileForm
from accounts.profiles import change_profile


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """A person's own settings; a POST changes them."""
    form = ProfileForm(person_of(request), request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/profile.html", {"form": form})
    change_profile(request, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect("profile")


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    """Stores what the button in the top bar chose: 204; 400 for what is no appearance."""
    wanted = request.POST.get("theme")
    if wanted not in Theme.values:
        return HttpResponseBadRequest("theme must be light, dark or empty.")
    change_profile(request, theme=wanted)
    return HttpResponse(status=204)
