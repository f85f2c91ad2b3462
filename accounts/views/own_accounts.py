"""A person's accounts: those he belongs to, those he has closed, and another one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit, closing
from accounts.access import memberships_of, own_closed_accounts, person_of
from accounts.closing import GraceOverError, reopen_until
from accounts.keys_once import hand_over
from accounts.opening import MOST_OWNED, OpenedAccount, may_open, open_account
from accounts.people_forms import NewAccountForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def own_accounts(request: HttpRequest) -> HttpResponse:
    """The person's accounts; a POST opens another one, and its first key is shown once on its dashboard."""
    if request.method != "POST":
        return _page(request, NewAccountForm())
    form = NewAccountForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    opened = _open(request, form.cleaned_data["name"])
    if opened is None:
        form.add_error(None, f"You own {MOST_OWNED} accounts already. Close one, or hand one over.")
        return _page(request, form)
    response = redirect("dashboard", opened.account.pk)
    hand_over(response, opened.key, opened.raw)
    return response


@require_POST
@login_required
@never_cache
def reopen(request: HttpRequest, account_id: int) -> HttpResponse:
    """Opens a closed account again."""
    try:
        account = closing.reopen(request, account_id)
    except GraceOverError:
        messages.error(request, "This account was closed too long ago. It is being deleted.")
        return redirect("accounts")
    messages.success(request, f"{account} is open again.")
    return redirect("dashboard", account_id)


def _open(request: HttpRequest, name: str) -> OpenedAccount | None:
    with transaction.atomic():
        if not may_open(person_of(request)):
            return None
        opened = open_account(person_of(request), name)
        audit.record(request, "account.opened", opened.account, opened.account.name)
    return opened


def _page(request: HttpRequest, form: NewAccountForm) -> HttpResponse:
    closed = [(account, reopen_until(account)) for account in own_closed_accounts(request.user)]
    memberships = list(memberships_of(request.user).values())
    shown = {"memberships": memberships, "closed": closed, "form": form}
    return render(request, "accounts/own_accounts.html", shown)
