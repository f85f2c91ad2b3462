"""Opening an account: its first owner and its first key come with it, or nothing does."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.keys import make_key
from accounts.models import Account, ApiKey, Invitation, Membership, Role, Scope, User
from accounts.routing import least_used_shard

MOST_OWNED = 20  # accounts of a person, closed ones too: each may hold as much as any other
FIRST_KEY_LABEL = "First key"
NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """A new account with its first ingest key; `raw` is that key's whole text, which is not stored."""

    account: Account
    key: ApiKey
    raw: str


def may_open(owner: User) -> bool:
    """Whether the person owns fewer accounts than anybody may. In a transaction: until it ends nobody else is told."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    return owner.memberships.filter(role=Role.OWNER).count() < MOST_OWNED


def open_account(owner: User, name: str = "") -> OpenedAccount:
    """A new account of `owner`, named `name` or after the part of the e-mail address before the @."""
    # One line, as pages show it: whoever closes the account types it.
    named = (" ".join(name.split()) or owner.email.partition("@")[0])[:NAME_LENGTH]
    with transaction.atomic():
        account = Account.objects.create(name=named, shard=least_used_shard())
        Membership.objects.create(user=owner, account=account, role=Role.OWNER)
        key, raw = make_key(account, FIRST_KEY_LABEL, Scope.INGEST, owner)
    return OpenedAccount(account, key, raw)


def open_first_account(owner: User, name: str = "") -> OpenedAccount | None:
    """The same for somebody who has just come; None for whoever belongs to an account, if a closed one, or is invited.

    The address of `owner` must be confirmed: it decides whether he is invited.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # of two log-ins at the same time one opens the account
        if Membership.objects.filter(user=owner).exists() or _is_invited(owner):
            return None
        return open_account(owner, name)


def _is_invited(user: User) -> bool:
    now = timezone.now()
    waiting = Invitation.objects.filter(accepted=None, withdrawn=None, expires__gt=now, account__closed=None)
    return waiting.filter(email__iexact=user.email).exists()
