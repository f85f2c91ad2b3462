"""What every template knows about the person's accounts and time zone, and about mail."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import current_membership, memberships_of
from accounts.mail import outbox
from accounts.models import Account, Membership
from accounts.timezones import chosen_zone


def account(request: HttpRequest) -> dict[str, Any]:
    """`accounts` (a list, oldest first), `account` (the current one, None without any), `time_zone` (the IANA name that
    the person chose, or an empty text), `outbox` (see `accounts.mail`).

    The first two ask the database once, and only in a template that names one of them.
    """

    @cache
    def mine() -> dict[int, Membership]:
        return memberships_of(request.user)

    def current() -> Account | None:
        membership = current_membership(mine(), request.session)
        return membership.account if membership else None

    return {
        "accounts": SimpleLazyObject(lambda: [membership.account for membership in mine().values()]),
        "account": SimpleLazyObject(current),
        "time_zone": SimpleLazyObject(lambda: chosen_zone(request.user)),
        "outbox": outbox(),
    }
