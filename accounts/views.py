"""Pages of accounts: sign-up, e-mail addresses and API keys."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import EmailView, SignupView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import Access, enter
from accounts.forms import AddressTakenError, KeyForm, OpenAccountForm
from accounts.keys import make_key, revoke
from accounts.keys_once import forget_new_key, hand_over, new_key_from
from accounts.models import ApiKey, User


class OpenAccountView(SignupView):  # type: ignore[misc]  # allauth has no types
    """allauth's sign-up, which also opens an account and hands its first key to the next page."""

    form_class = OpenAccountForm

    def form_valid(self, form: OpenAccountForm) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except AddressTakenError:
            form.add_error("email", get_adapter().validation_error("email_taken"))
            return self.form_invalid(form)  # type: ignore[no-any-return]
        if form.opened is not None:
            hand_over(response, form.opened.key, form.opened.raw)
        return response


class AddressesView(EmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of e-mail addresses, where anybody may enter any address as long as it stays unconfirmed."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                response: HttpResponse = super().post(request, *args, **kwargs)
        except IntegrityError:
            # Made the main address, it would become the user's own, and that of somebody else is taken.
            messages.error(request, "This address belongs to somebody else. Nothing was changed.")
            return redirect("account_email")
        return response


sign_up = OpenAccountView.as_view()
addresses = AddressesView.as_view()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def keys(request: HttpRequest, account_id: int) -> HttpResponse:
    """The account's keys; a POST makes one and shows it once, after a redirect."""
    access = enter(request, account_id, write=request.method == "POST")
    if request.method != "POST":
        return _keys_page(request, access, KeyForm(access.account))
    form = KeyForm(access.account, request.POST)
    if not form.is_valid():
        return _keys_page(request, access, form)
    key, raw = make_key(access.account, form.cleaned_data["label"], form.cleaned_data["scope"], _person(request))
    response = redirect("account_keys", account_id)
    hand_over(response, key, raw)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def revoke_key(request: HttpRequest, account_id: int, key_id: int) -> HttpResponse:
    """Asks whether the key shall be revoked; a POST revokes it."""
    access = enter(request, account_id, write=True)
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


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  (login_required)
    return request.user
