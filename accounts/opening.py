"""Opening an account: its first owner and its first key come with it, or nothing does."""

from dataclasses import dataclass

from django.db import transaction

from accounts.keys import make_key
from accounts.models import Account, ApiKey, Membership, Role, Scope, User
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
    """Whether the person owns fewer accounts than anybody may."""
    return owner.memberships.filter(role=Role.OWNER).count() < MOST_OWNED


def open_account(owner: User, name: str = "") -> OpenedAccount:
    """A new account of `owner`, named `name` or after the part of the e-mail address before the @."""
    named = (name.strip() or owner.email.partition("@")[0])[:NAME_LENGTH]
    with transaction.atomic():
        account = Account.objects.create(name=named, shard=least_used_shard())
        Membership.objects.create(user=owner, account=account, role=Role.OWNER)
        key, raw = make_key(account, FIRST_KEY_LABEL, Scope.INGEST, owner)
    return OpenedAccount(account, key, raw)
