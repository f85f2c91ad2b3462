"""An owner hands an account over: offered to one of its people, who becomes its owner by accepting; the giver becomes a
member.

All but `offered_to` is called in the transaction of `accounts.access.enter_alone`.
"""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, Membership, Role, Transfer, User

DAYS = 7


class NotOfferedError(ValueError):
    """There is no such offer any more, or there is one already."""


def standing(account: Account) -> Transfer | None:
    """The offer of an account that can be answered now."""
    offers = Transfer.objects.select_related("giver", "taker")
    return offers.filter(account=account, expires__gt=timezone.now()).first()


def offered_to(user: User | AnonymousUser) -> Transfer | None:
    """The oldest offer that waits for the user's answer, its account loaded too."""
    if not isinstance(user, User):
        return None
    offers = Transfer.objects.select_related("account", "giver").order_by("pk")
    return offers.filter(taker=user, expires__gt=timezone.now(), account__closed=None).first()


def offer(request: HttpRequest, giver: Membership, taker: Membership) -> Transfer:
    """Offers the account of both. Raises NotOfferedError where another offer waits for its answer, or where the taker
    owns the account already."""
    account = giver.account
    if standing(account) is not None or taker.role == Role.OWNER:
        raise NotOfferedError
    Transfer.objects.filter(account=account).delete()  # one that has expired
    expires = timezone.now() + timedelta(days=DAYS)
    made = Transfer.objects.create(account=account, giver=giver.user, taker=taker.user, expires=expires)
    audit.record(request, "transfer.offered", account, taker.user.email)
    return made


def withdraw(request: HttpRequest, account: Account) -> None:
    """Takes the offer back."""
    _end(request, _offer_of(account), "transfer.withdrawn")


def decline(request: HttpRequest, account: Account, taker: User) -> Transfer:
    """Says no to it, and returns it. Raises NotOfferedError."""
    return _end(request, _offer_to(account, taker), "transfer.declined")


def accept(request: HttpRequest, account: Account, taker: User) -> Transfer:
    """Makes the taker an owner and the giver a member; returns the offer. Raises NotOfferedError."""
    made = _offer_to(account, taker)
    people = account.memberships
    # Whoever stops being an owner, or leaves, takes his offers with him (`accounts.membership`).
    people.filter(user=made.giver).update(role=Role.MEMBER)
    people.filter(user=taker).update(role=Role.OWNER)
    return _end(request, made, "transfer.accepted")


def _end(request: HttpRequest, made: Transfer, action: str) -> Transfer:
    Transfer.objects.filter(pk=made.pk).delete()
    audit.record(request, action, made.account, made.taker.email, giver=made.giver.email)
    return made


def _offer_to(account: Account, taker: User) -> Transfer:
    made = _offer_of(account)
    if made.taker != taker:
        raise NotOfferedError
    return made


def _offer_of(account: Account) -> Transfer:
    made = standing(account)
    if made is None:
        raise NotOfferedError
    return made
