"""Invitations: sent again and withdrawn by an owner, followed by who was invited."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations
from accounts.access import Right, enter_alone, lock_account, memberships_of
from accounts.invitations import State
from accounts.models import Invitation, Role, User
from accounts.views.people import deliver


@require_POST
@login_required
@never_cache
def resend(request: HttpRequest, account_id: int, invitation_id: int) -> HttpResponse:
    """Sends a new link in place of the one before."""
    with transaction.atomic():
        account = enter_alone(request, account_id, Right.OWN).account
        before = get_object_or_404(invitations.waiting(account), pk=invitation_id)
        try:
            sent = invitations.invite(request, account, before.email, Role(before.role))
        except invitations.RefusedError as refused:
            messages.error(request, refused.reason)
            return redirect("account_people", account_id)
    deliver(request, sent)
    return redirect("account_people", account_id)


@require_POST
@login_required
@never_cache
def withdraw(request: HttpRequest, account_id: int, invitation_id: int) -> HttpResponse:
    """Ends an invitation: its link lets nobody in from now on."""
    with transaction.atomic():
        account = enter_alone(request, account_id, Right.OWN).account
        invitation = get_object_or_404(account.invitations, pk=invitation_id)
        invitations.withdraw(request, invitation)
    messages.success(request, f"Withdrew the invitation of {invitation.email}.")
    return redirect("account_people", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def follow(request: HttpRequest, secret: str) -> HttpResponse:
    """Where the link in the mail leads; a POST joins. What a link no longer opens is not told to who has it."""
    if request.method == "POST":
        return _join(request, secret)
    return _page(request, invitations.find(secret), 200)


def _join(request: HttpRequest, secret: str) -> HttpResponse:
    with transaction.atomic():
        found = invitations.find(secret)
        if found is not None:
            lock_account(found.account_id)
            found = invitations.find(secret)
        user = request.user
        if found is None or not _can_join(found, user):
            return _page(request, found, 403)
        assert isinstance(user, User)  # noqa: S101
        invitations.accept(request, found, user)
    messages.success(request, f"You have joined {found.account}.")
    return redirect("dashboard", found.account_id)


def _can_join(invitation: Invitation, user: object) -> bool:
    open_ = invitations.state_of(invitation) is State.OPEN
    return open_ and isinstance(user, User) and invitations.is_for(invitation, user)


def _page(request: HttpRequest, invitation: Invitation | None, status: int) -> HttpResponse:
    """What the person can do about the invitation; `status` where it is open."""
    if invitation is None:
        return render(request, "accounts/invitation_ended.html", {"state": "unknown"}, status=404)
    if invitation.account_id in memberships_of(request.user):
        return render(request, "accounts/invitation_joined.html", {"invitation": invitation})
    state = invitations.state_of(invitation)
    if state is not State.OPEN:
        return render(request, "accounts/invitation_ended.html", {"state": state.value}, status=410)
    mine = isinstance(request.user, User) and invitations.is_for(invitation, request.user)
    return render(request, "accounts/invitation.html", {"invitation": invitation, "mine": mine}, status=status)
