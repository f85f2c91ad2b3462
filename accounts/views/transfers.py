"""An account is handed over: an owner offers it, the other side answers."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import mail, transfers
from accounts.access import Right, enter, enter_alone, person_of
from accounts.membership import people_of
from accounts.models import Account, Transfer, User
from accounts.people_forms import OfferForm
from accounts.transfers import NotOfferedError
from accounts.views.settings_page import settings_page

GONE = "There is no such offer any more."


@require_safe
@login_required
@never_cache
def question(request: HttpRequest, account_id: int) -> HttpResponse:
    """Asks the person to whom the account is offered."""
    access = enter(request, account_id)
    offer = transfers.standing(access.account)
    if offer is None or offer.taker != request.user:
        raise Http404
    return settings_page(request, access, "accounts/transfer.html", offer=offer)


@require_POST
@login_required
@never_cache
def offer(request: HttpRequest, account_id: int) -> HttpResponse:
    """Offers the account to one of its people."""
    with transaction.atomic():
        account = enter_alone(request, account_id, Right.OWN).account
        people = people_of(account)
        form = OfferForm(people, request.POST)
        if not form.is_valid():
            messages.error(request, "Choose somebody of the account who does not own it.")
            return redirect("account_settings", account_id)
        try:
            taker = people.get(pk=form.cleaned_data["taker"])
            made = transfers.offer(request, people.get(user=person_of(request)), taker)
        except NotOfferedError:
            messages.error(request, "The account is offered already. Withdraw that offer first.")
            return redirect("account_settings", account_id)
    _mail(made, "transfer_offered", made.taker.email, "account_transfer")
    messages.success(request, f"Offered the account to {made.taker}.")
    return redirect("account_settings", account_id)


@require_POST
@login_required
@never_cache
def withdraw(request: HttpRequest, account_id: int) -> HttpResponse:
    """Takes an offer back."""
    with transaction.atomic():
        account = enter_alone(request, account_id, Right.OWN).account
        try:
            transfers.withdraw(request, account)
        except NotOfferedError:
            messages.error(request, GONE)
            return redirect("account_settings", account_id)
    messages.success(request, "Withdrew the offer.")
    return redirect("account_settings", account_id)


@require_POST
@login_required
@never_cache
def accept(request: HttpRequest, account_id: int) -> HttpResponse:
    """Makes the person the owner."""
    made = _answered(request, account_id, transfers.accept)
    _mail(made, "transfer_accepted", made.giver.email, "account_people")
    messages.success(request, f"You own {made.account} now.")
    return redirect("account_people", account_id)


@require_POST
@login_required
@never_cache
def decline(request: HttpRequest, account_id: int) -> HttpResponse:
    """Leaves the account with its owner."""
    made = _answered(request, account_id, transfers.decline)
    _mail(made, "transfer_declined", made.giver.email, "account_settings")
    messages.success(request, f"Declined. {made.giver} goes on to own {made.account}.")
    return redirect("dashboard", account_id)


def _answered(
    request: HttpRequest, account_id: int, answer: Callable[[HttpRequest, Account, User], Transfer]
) -> Transfer:
    """The offer that the person has answered. Raises Http404 where none is made to him."""
    with transaction.atomic():
        account = enter_alone(request, account_id).account
        try:
            return answer(request, account, person_of(request))
        except NotOfferedError:
            raise Http404 from None


def _mail(made: Transfer, template: str, address: str, page: str) -> None:
    mail.send(template, [address], offer=made, link=mail.public_link(reverse(page, args=[made.account_id])))
