"""What every template knows about the person's accounts and time zone, what he is asked, and mail."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import Access, current_membership, memberships_shown
from accounts.mail import outbox
from accounts.models import Account, Membership
from accounts.second_factor import passkeys_possible
from accounts.timezones import chosen_zone
from accounts.transfers import offered_to


def account(request: HttpRequest) -> dict[str, Any]:
    """`accounts` (a list, oldest first), `account` (the current one, None without any), `may_change` (whether the
    person may change that one), `offered` (a `Transfer` that waits for the person's answer, or None), `time_zone` (the
    IANA name that the person chose, or an empty text), `outbox` (see `accounts.mail`), `passkeys` (whether browsers
    allow them here).

    The first three ask the database once, unless the view has, the fourth once more, each only in a template that
    names it.
    """

    @cache
    def mine() -> dict[int, Membership]:
        return memberships_shown(request)

    def current() -> Account | None:
        membership = current_membership(mine(), request.session)
        return membership.account if membership else None

    def may_change() -> bool:
        membership = current_membership(mine(), request.session)
        return membership is not None and Access(membership.account, membership.role).can_write

    return {
        "accounts": SimpleLazyObject(lambda: [membership.account for membership in mine().values()]),
        "account": SimpleLazyObject(current),
        "offered": SimpleLazyObject(lambda: offered_to(request.user)),
        "may_change": SimpleLazyObject(may_change),
        "time_zone": SimpleLazyObject(lambda: chosen_zone(request.user)),
        "outbox": outbox(),
        "passkeys": passkeys_possible(),
    }
