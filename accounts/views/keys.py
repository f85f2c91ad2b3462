"""The page of an account's keys."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import Access, Right, enter, person_of
from accounts.forms import KeyForm
from accounts.keys import make_key, revoke
from accounts.keys_once import forget_new_key, hand_over, new_key_from
from accounts.models import ApiKey


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def keys(request: HttpRequest, account_id: int) -> HttpResponse:
    """The account's keys; a POST makes one and shows it once, after a redirect."""
    access = enter(request, account_id, Right.CHANGE if request.method == "POST" else Right.READ)
    if request.method != "POST":
        return _keys_page(request, access, KeyForm(access.account))
    form = KeyForm(access.account, request.POST)
    if not form.is_valid():
        return _keys_page(request, access, form)
    key, raw = make_key(access.account, form.cleaned_data["label"], form.cleaned_data["scope"], person_of(request))
    response = redirect("account_keys", account_id)
    hand_over(response, key, raw)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def revoke_key(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    """Asks whether the key shall be revoked; a POST revokes it."""
    access = enter(request, account_id, Right.CHANGE)
    key = get_object_or_404(ApiKey, pk=key_id, account=access.account)
    if key.revoked is None and request.method != "POST":
        return render(request, "accounts/revoke_key.html", {"account": access.account, "key": key})
    if key.revoked is None:
        revoke(key)
        messages.success(request, f"Revoked the key “{key.label}”.")
    return redirect("account_keys", account_id)


def _keys_page(request: HttpRequest, access: Access, form: KeyForm) -> HttpResponse:
    account = access.account
    context = {
        "account": account,
        "access": access,
        "keys": account.keys.select_related("created_by").order_by(F("revoked").desc(nulls_first=True), "-pk"),
        "form": form,
        "new_key": new_key_from(request, account.pk),
    }
    response = render(request, "accounts/keys.html", context)
    forget_new_key(response, account.pk)
    return response
