"""The end of an account, asked for by an owner."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import closing
from accounts.access import Access, Right, enter, enter_alone
from accounts.models import GRACE_DAYS
from accounts.people_forms import CloseForm
from accounts.views.settings_page import settings_page


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def close(request: HttpRequest, account_id: int) -> HttpResponse:
    """Asks for the account's name; a POST with it closes the account. Who asks has just shown who he is."""
    access = enter(request, account_id, Right.OWN)
    if not closing.may_be_closed(access.account):
        raise Http404
    response: HttpResponse = _ask_or_close(request, access)
    return response


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def _ask_or_close(request: HttpRequest, access: Access) -> HttpResponse:
    account = access.account
    form = CloseForm(account, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return settings_page(request, access, "accounts/close.html", form=form, grace_days=GRACE_DAYS)
    with transaction.atomic():
        account = enter_alone(request, account.pk, Right.OWN).account
        closing.close(request, account)
    closing.tell_closed(request, account)
    messages.success(request, f"Closed {account}. You can open it again within {GRACE_DAYS} days.")
    return redirect("accounts")
