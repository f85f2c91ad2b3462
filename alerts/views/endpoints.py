"""The pages of endpoints: made, changed, their secret replaced, removed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import Right, enter
from alerts import dependents, endpoint_changes, ways
from alerts.changes import ChangeError
from alerts.models import EndpointKind
from alerts.way_forms import EndpointChangeForm, EndpointForm

_ONCE = "Copy the secret that signs, it is shown only now:"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new_endpoint(request: HttpRequest, account_id: int) -> HttpResponse:
    """A form for an endpoint; a POST makes it, and the next page shows its secret once."""
    access = enter(request, account_id, Right.CHANGE)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            kind = EndpointKind(given["kind"])
            made = endpoint_changes.make_endpoint(request, access, kind, given["name"], given["url"])
        except ChangeError as error:
            form.add_error(error.field, str(error))
        else:
            secret = f" {_ONCE} {made.secret}" if made.secret else ""
            messages.success(request, f"{made.name} can be told now. Try it.{secret}")
            return redirect("escalations", account_id)
    return render(request, "alerts/endpoint.html", {"access": access, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def endpoint(request: HttpRequest, account_id: int, endpoint_id: int) -> HttpResponse:
    """A form with the name of an endpoint; a POST changes it, and its URL."""
    access = enter(request, account_id, Right.CHANGE)
    found = ways.endpoint_of(access, endpoint_id)
    name = found.name
    form = EndpointChangeForm(request.POST if request.method == "POST" else None, initial={"name": name})
    if form.is_valid():
        try:
            endpoint_changes.change_endpoint(request, found, **form.cleaned_data)
        except ChangeError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, f"Kept {found.name}.")
            return redirect("escalations", account_id)
    return render(request, "alerts/endpoint.html", {"access": access, "form": form, "endpoint": found, "name": name})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def replace_secret(request: HttpRequest, account_id: int, endpoint_id: int) -> HttpResponse:
    """Asks whether the secret of a webhook shall be replaced; a POST does, and the next page shows it once."""
    access = enter(request, account_id, Right.CHANGE)
    found = ways.endpoint_of(access, endpoint_id)
    if request.method != "POST":
        return render(request, "alerts/replace_secret.html", {"access": access, "endpoint": found})
    try:
        secret = endpoint_changes.replace_secret(request, found)
    except ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{found.name} is signed anew from now on. {_ONCE} {secret}")
    return redirect("escalations", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def delete_endpoint(request: HttpRequest, account_id: int, endpoint_id: int) -> HttpResponse:
    """Asks whether the endpoint shall be removed, and says what hangs on it; a POST removes it."""
    access = enter(request, account_id, Right.CHANGE)
    found = ways.endpoint_of(access, endpoint_id)
    if request.method != "POST":
        context = {"access": access, "endpoint": found, "of": dependents.of_endpoint(found)}
        return render(request, "alerts/delete_endpoint.html", context)
    try:
        endpoint_changes.delete_endpoint(request, found)
    except ChangeError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Removed {found.name}. Steps to it are passed over.")
    return redirect("escalations", account_id)
