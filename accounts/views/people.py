"""Who belongs to an account, and who is invited."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access_news, invitations, membership
from accounts.access import Access, Right, enter, enter_alone, person_of
from accounts.membership import LastOwnerError, people_of
from accounts.models import Role
from accounts.people_forms import InviteForm, RoleForm
from accounts.views.settings_page import settings_page

LAST_OWNER = "An account keeps an owner. Make somebody else an owner first, or close the account."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def people(request: HttpRequest, account_id: int) -> HttpResponse:
    """The people of an account and its open invitations; a POST sends one."""
    if request.method == "POST":
        return _invite(request, account_id)
    return _people_page(request, enter(request, account_id), InviteForm())


@require_POST
@login_required
@never_cache
def change_role(request: HttpRequest, account_id: int, person_id: int) -> HttpResponse:
    """Gives somebody another role."""
    with transaction.atomic():
        access = enter_alone(request, account_id, Right.OWN)
        person = get_object_or_404(people_of(access.account), pk=person_id)
        form = RoleForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Choose one of the roles. Nothing was changed.")
            return redirect("account_people", account_id)
        try:
            membership.change_role(request, person, Role(form.cleaned_data["role"]))
        except LastOwnerError:
            messages.error(request, LAST_OWNER)
            return redirect("account_people", account_id)
    messages.success(request, f"{person.user} is {person.get_role_display().lower()} now.")
    return redirect("account_people", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def remove(request: HttpRequest, account_id: int, person_id: int) -> HttpResponse:
    """Asks whether somebody shall be removed; a POST removes him."""
    if request.method != "POST":
        access = enter(request, account_id, Right.OWN)
        person = get_object_or_404(people_of(access.account), pk=person_id)
        return settings_page(request, access, "accounts/remove_person.html", person=person)
    with transaction.atomic():
        access = enter_alone(request, account_id, Right.OWN)
        person = get_object_or_404(people_of(access.account), pk=person_id)
        if person.user == request.user:
            return redirect("account_leave", account_id)
        membership.remove(request, person)  # never the last owner: that is who asks
    access_news.tell(account_id)
    messages.success(request, f"Removed {person.user}.")
    return redirect("account_people", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def leave(request: HttpRequest, account_id: int) -> HttpResponse:
    """Asks whether the person wants to leave; a POST does it."""
    if request.method != "POST":
        return settings_page(request, enter(request, account_id), "accounts/leave.html")
    with transaction.atomic():
        access = enter_alone(request, account_id)
        try:
            membership.remove(request, people_of(access.account).get(user=person_of(request)))
        except LastOwnerError:
            messages.error(request, LAST_OWNER)
            return redirect("account_people", account_id)
    access_news.tell(account_id)
    messages.success(request, f"You have left {access.account}.")
    return redirect("home")


def _invite(request: HttpRequest, account_id: int) -> HttpResponse:
    with transaction.atomic():
        access = enter_alone(request, account_id, Right.OWN)
        form = InviteForm(request.POST)
        if not form.is_valid():
            return _people_page(request, access, form)
        try:
            given = form.cleaned_data
            sent = invitations.invite(request, access.account, given["email"], Role(given["role"]))
        except invitations.RefusedError as refused:
            form.add_error("email", refused.reason)
            return _people_page(request, access, form)
    deliver(request, sent)
    return redirect("account_people", account_id)


def deliver(request: HttpRequest, sent: invitations.Sent) -> None:
    """Mails an invitation, and says on the next page whether that worked."""
    if invitations.deliver(sent):
        messages.success(request, f"Sent an invitation to {sent.invitation.email}.")
    else:
        messages.error(request, "The mail could not be sent. Send it again later, or tell who runs this server.")


def _people_page(request: HttpRequest, access: Access, form: InviteForm) -> HttpResponse:
    return settings_page(
        request,
        access,
        "accounts/people.html",
        people=people_of(access.account),
        invitations=invitations.waiting(access.account),
        now=timezone.now(),
        roles=Role.choices,
        form=form,
    )
