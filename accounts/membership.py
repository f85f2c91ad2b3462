"""Who belongs to an account: roles that change, people who are removed or leave. An account keeps an owner.

All of it is called in the transaction of `accounts.access.enter_alone`, so that of two owners who leave at once one
stays; that somebody may look no more is told by `accounts.access_news` after it.
"""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, Membership, Role, Transfer


class LastOwnerError(ValueError):
    """The account would be left without an owner."""


def people_of(account: Account) -> QuerySet[Membership]:
    """The people of an account with their users, who came first stands first; one query."""
    return account.memberships.select_related("user").order_by("pk")


def change_role(request: HttpRequest, person: Membership, role: Role) -> None:
    """Gives somebody another role. Raises LastOwnerError."""
    before = person.role
    if before == role:
        return
    if before == Role.OWNER:
        _end_ownership(person)
        _withdraw_what_he_invited(request, person)
    person.role = role
    person.save(update_fields=["role"])
    audit.record(request, "person.role", person.account, person.user.email, before=before, after=role.value)


def remove(request: HttpRequest, person: Membership) -> None:
    """Ends somebody's place in the account, also one's own. Raises LastOwnerError."""
    if person.role == Role.OWNER:
        _end_ownership(person)
    _withdraw_what_he_invited(request, person)  # also what he did as an owner, which he is perhaps no more
    account, user = person.account, person.user
    Transfer.objects.filter(account=account, taker=user).delete()
    account.contacts.filter(user=user).delete()
    person.delete()
    action = "person.left" if user == request.user else "person.removed"
    audit.record(request, action, account, user.email, role=person.role)


def _end_ownership(owner: Membership) -> None:
    account = owner.account
    if not account.memberships.filter(role=Role.OWNER).exclude(pk=owner.pk).exists():
        raise LastOwnerError
    Transfer.objects.filter(account=account, giver=owner.user).delete()


def _withdraw_what_he_invited(request: HttpRequest, person: Membership) -> None:
    """Who is sent away by somebody else must not come back by a link that he has sent to himself."""
    if person.user != request.user:
        his = person.account.invitations.filter(invited_by=person.user, accepted=None, withdrawn=None)
        his.update(withdrawn=timezone.now())
