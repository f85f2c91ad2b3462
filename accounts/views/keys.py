"""The page of an account's keys."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import key_changes
from accounts.access import Access, Right, enter
from accounts.key_forms import KeyForm, LabelForm, ReplaceForm
from accounts.keys import KeyEndedError, live_keys
from accounts.keys_once import forget_new_key, hand_over, new_key_from
from accounts.models import Account, ApiKey, Scope
from accounts.views.settings_page import settings_page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def keys(request: HttpRequest, account_id: int) -> HttpResponse:
    """The account's keys; a POST makes one and shows it once, after a redirect."""
    access = enter(request, account_id, Right.CHANGE if request.method == "POST" else Right.READ)
    if request.method != "POST":
        return _keys_page(request, access, KeyForm(access.account))
    form = KeyForm(access.account, request.POST)
    with transaction.atomic():
        if form.is_valid():
            return _shown_once(*key_changes.make(request, access.account, **form.cleaned_data))
    return _keys_page(request, access, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def rename_key(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    """Asks for another label of a key; a POST gives it."""
    access, key = _entered(request, account_id, key_id)
    if not key.is_live:
        return redirect("account_keys", account_id)
    form = LabelForm(request.POST if request.method == "POST" else None, initial={"label": key.label})
    if not form.is_valid():
        return settings_page(request, access, "accounts/rename_key.html", key=key, form=form)
    key_changes.rename(request, key, form.cleaned_data["label"])
    return redirect("account_keys", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def replace_key(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    """Asks when the key shall end; a POST makes another one in its place and shows it once, after a redirect."""
    access, key = _entered(request, account_id, key_id)
    if not key.is_live or key.expires is not None:
        return _not_replaced(request, key)
    if request.method != "POST":
        return settings_page(request, access, "accounts/replace_key.html", key=key, form=ReplaceForm(access.account))
    form = ReplaceForm(access.account, request.POST)
    try:
        with transaction.atomic():
            if form.is_valid():
                return _shown_once(*key_changes.make_replacement(request, key, form.cleaned_data["overlap"]))
    except KeyEndedError:  # since the question above
        return _not_replaced(request, key)
    return settings_page(request, access, "accounts/replace_key.html", key=key, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def revoke_key(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    """Asks whether the key shall be revoked; a POST revokes it."""
    access, key = _entered(request, account_id, key_id)
    if not key.is_live:
        return redirect("account_keys", account_id)
    if request.method != "POST":
        return settings_page(request, access, "accounts/revoke_key.html", key=key, last=_is_last_to_send(key))
    key_changes.end(request, key)
    messages.success(request, f"Revoked the key “{key.label}”.")
    return redirect("account_keys", account_id)


def _entered(request: HttpRequest, account_id: int, key_id: int) -> tuple[Access, ApiKey]:
    access = enter(request, account_id, Right.CHANGE)
    return access, get_object_or_404(ApiKey, pk=key_id, account=access.account)


def _is_last_to_send(key: ApiKey) -> bool:
    """Whether nothing can send once this key has ended."""
    others = live_keys(timezone.now()).filter(account=key.account_id, scope=Scope.INGEST).exclude(pk=key.pk)
    return key.scope == Scope.INGEST and not others.exists()


def _shown_once(key: ApiKey, raw: str) -> HttpResponse:
    response = redirect("account_keys", key.account_id)
    hand_over(response, key, raw)
    return response


def _not_replaced(request: HttpRequest, key: ApiKey) -> HttpResponse:
    messages.error(request, f"The key “{key.label}” has ended or was replaced already.")
    return redirect("account_keys", key.account_id)


def _keys_page(request: HttpRequest, access: Access, form: KeyForm) -> HttpResponse:
    account = access.account
    new_key = new_key_from(request, account.pk)
    response = settings_page(
        request, access, "accounts/keys.html", keys=_sorted_keys(account), form=form, new_key=new_key
    )
    forget_new_key(response, account.pk)
    return response


def _sorted_keys(account: Account) -> list[ApiKey]:
    """Those that work first, the newest on top; below them those that have ended, the last one first."""
    found = list(account.keys.select_related("created_by").order_by("-pk"))
    live = [key for key in found if key.ended is None]
    return live + sorted((key for key in found if key.ended), key=lambda key: str(key.ended), reverse=True)
