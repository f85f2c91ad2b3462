"""The account itself: its name, how long it keeps values, its owner, its end."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import audit, closing, transfers
from accounts.access import Access, Right, enter
from accounts.membership import people_of
from accounts.models import GRACE_DAYS, Account
from accounts.people_forms import AccountForm, OfferForm
from accounts.views.settings_page import settings_page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """What is set for the account; a POST sets it."""
    access = enter(request, account_id, Right.OWN if request.method == "POST" else Right.READ)
    if request.method != "POST":
        return _account_page(request, access, AccountForm(access.account))
    form = AccountForm(access.account, request.POST)
    if not form.is_valid():
        return _account_page(request, access, form)
    if form.changed_data:
        _save(request, access.account, form)
        messages.success(request, "Saved.")
    return redirect("account_settings", account_id)


def _save(request: HttpRequest, account: Account, form: AccountForm) -> None:
    changes = {field: form.cleaned_data[field] for field in form.changed_data}
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**changes)
        audit.record(request, "account.changed", account, account.name, **changes)


def _account_page(request: HttpRequest, access: Access, form: AccountForm) -> HttpResponse:
    account = access.account
    return settings_page(
        request,
        access,
        "accounts/account.html",
        form=form,
        offer=transfers.standing(account),
        offer_form=OfferForm(people_of(account)),
        grace_days=GRACE_DAYS,
        closable=closing.may_be_closed(account),
    )
