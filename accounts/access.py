"""The one place that answers: may this user or key do this to this account's object?

Pages, API and websockets all ask here. A stranger gets `Http404` (that an account exists is nobody's business), a
viewer who writes gets `PermissionDenied` (403), one who has not said who he is gets DRF's `NotAuthenticated` (401), and
a key that is unknown or has ended gets DRF's `AuthenticationFailed` (401), or `Throttled` (429) where its sender tries
many. `REFUSALS` names them for callers outside of a view.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request

from accounts.client_address import address_in_scope
from accounts.guessing import guesses
from accounts.keys import LastUse, find_key, store_last_uses
from accounts.models import SYSTEM_ACCOUNT_ID, Account, Contact, Membership, Role, Scope, User

PUBLIC = "public"
READ_KEY = "read key"
REFUSALS = (Http404, PermissionDenied, NotAuthenticated, AuthenticationFailed, Throttled)

SESSION_FIELD = "account"
# A read key may be used many times a second; the time it was used last is written at most this often, in seconds.
LAST_USED_STEP = 60
_ACCOUNT_ID = re.compile(r"[0-9]{1,18}")

Person = User | AnonymousUser


class Right(IntEnum):
    """What somebody may do, each more than the one before: look; change stats, alerts, keys and contacts; decide about
    the account itself and its people."""

    READ = 1
    CHANGE = 2
    OWN = 3


_RIGHTS = {Role.VIEWER: Right.READ, Role.MEMBER: Right.CHANGE, Role.OWNER: Right.OWN}


@dataclass(frozen=True, slots=True)
class Access:
    """What was granted: the account, and as what. `role` is owner, member, viewer, `public` or `read key`."""

    account: Account
    role: str

    @property
    def right(self) -> Right:
        return _RIGHTS[Role(self.role)] if self.is_member else Right.READ

    @property
    def can_write(self) -> bool:
        return self.right >= Right.CHANGE

    @property
    def is_owner(self) -> bool:
        return self.right >= Right.OWN

    @property
    def is_member(self) -> bool:
        """Whether this is a person of the account, rather than the public of account 0 or a key."""
        return self.role in Role.values


def access_for_user(user: Person, account_id: int, right: Right = Right.READ) -> Access:
    """Access of somebody of the account; Http404 for strangers, PermissionDenied for one who may look but not that."""
    return _access_in(memberships_of(user), account_id, right)


def public_access() -> Access:
    """Reading account 0, which everybody may."""
    account = Account.objects.filter(pk=SYSTEM_ACCOUNT_ID).first()
    if account is None:
        raise Http404
    return Access(account, PUBLIC)


def access_for_read_key(raw: str, address: str | None) -> Access:
    """Access by a raw read key that a client with this IP address has sent.

    AuthenticationFailed where there is no such key, Throttled where the client has tried too many, PermissionDenied
    for an ingest key.
    """
    key = find_key(raw)
    if key is None:
        wait = guesses.note(address, raw)
        if wait:
            raise Throttled(wait, "Too many unknown keys from this address.")
        raise AuthenticationFailed("This key is unknown or revoked.")
    if key.scope != Scope.READ:
        raise PermissionDenied("This key sends values; reading needs a read key.")
    now = timezone.now()
    if key.last_used is None or (now - key.last_used).total_seconds() >= LAST_USED_STEP:
        store_last_uses({key.pk: LastUse(now.timestamp(), address)})
    return Access(key.account, READ_KEY)


def access_for_request(
    request: HttpRequest | Request, account_id: int | None = None, right: Right = Right.READ
) -> Access:
    """Access of an API request: by its read key, which decides the account, or by its session.

    The account is `account_id`, else `?account=`, else the one the session was in last, else the user's first.
    """
    asked = account_id if account_id is not None else _account_id_in(request.GET.get("account"))
    by_key = getattr(request, "auth", None)
    if isinstance(by_key, Access):
        return _same_account(by_key, asked, right)
    return _access_for_person(request.user, request.session, asked, right)


def access_for_scope(scope: Mapping[str, Any]) -> Access:
    """Access of a websocket: `scope` is what Channels gives a consumer behind its `AuthMiddlewareStack`.

    Takes `Authorization: Bearer READ_KEY` or the session, and `?account=ID`. It asks the database, each time anew
    whether the session is still alive: a consumer awaits `access_for_scope_async`.
    """
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    asked = _account_id_in(query.get("account", [None])[0])
    headers = dict(scope["headers"])
    raw = bearer_key(headers.get(b"authorization", b""))
    if raw is not None:
        return _same_account(access_for_read_key(raw, address_in_scope(scope)), asked, Right.READ)
    return _access_for_person(_person_in(scope["session"]), scope["session"], asked, Right.READ)


access_for_scope_async = database_sync_to_async(access_for_scope)
public_access_async = database_sync_to_async(public_access)


def bearer_key(header: bytes) -> str | None:
    """The key in an `Authorization` header; None where the header is of another kind or missing."""
    kind, _, key = header.partition(b" ")
    return key.strip().decode("latin-1") if kind.lower() == b"bearer" else None


def enter(request: HttpRequest, account_id: int, right: Right = Right.READ) -> Access:
    """Access of a page under `/a/<account_id>/`; the session remembers the account as the current one.

    It always asks anew. What it found is kept with the request for `memberships_shown`.
    """
    memberships = memberships_of(request.user)
    request.memberships = memberships  # type: ignore[attr-defined]
    access = _access_in(memberships, account_id, right)
    if request.session.get(SESSION_FIELD) != account_id:
        request.session[SESSION_FIELD] = account_id
    return access


def enter_alone(request: HttpRequest, account_id: int, right: Right = Right.READ) -> Access:
    """As `enter`, in a transaction: until it ends nobody else changes who belongs to the account, or closes it."""
    lock_account(account_id)
    return enter(request, account_id, right)


def lock_account(account_id: int) -> Account | None:
    """Keeps all others from changing who belongs to an account until the transaction ends; None where there is none.

    Who only adds what refers to the account does not wait (`no_key`).
    """
    return Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()


def contact_of(access: Access, person: User, contact_id: int, *, of_others: bool = False) -> Contact:
    """A contact in the account that the person may change: his own and, with `of_others`, for an owner everybody's.

    Http404 where the account has no such contact; PermissionDenied where it is somebody else's.
    """
    contact = Contact.objects.select_related("account", "user").filter(account=access.account, pk=contact_id).first()
    if contact is None:
        raise Http404
    if contact.user_id != person.pk and not (of_others and access.is_owner):
        raise PermissionDenied
    return contact


def current_account(request: HttpRequest) -> Account | None:
    """The account that the person was in last, else the first one; None for those who belong to none."""
    membership = current_membership(memberships_of(request.user), request.session)
    return membership.account if membership else None


def current_membership(memberships: Mapping[int, Membership], session: Mapping[str, Any]) -> Membership | None:
    """Of a person's `memberships_of`, the one that the session was in last, else the first."""
    # The session may remember an account that the person has left since.
    remembered = memberships.get(session.get(SESSION_FIELD, -1))
    return remembered or next(iter(memberships.values()), None)


def own_closed_account(user: Person, account_id: int) -> Account:
    """An account that is closed and that the user owns; Http404 for all others."""
    account = own_closed_accounts(user).filter(pk=account_id).first()
    if account is None:
        raise Http404
    return account


def own_closed_accounts(user: Person) -> QuerySet[Account]:
    """The closed accounts that the user owns, the one that was closed last first."""
    if not isinstance(user, User) or not user.is_active:
        return Account.objects.none()
    mine = Account.objects.filter(memberships__user=user, memberships__role=Role.OWNER)
    return mine.exclude(closed=None).order_by("-closed")


def memberships_of(user: Person) -> dict[int, Membership]:
    """The memberships of a user in open accounts, by account id, oldest first, accounts loaded too; one query."""
    if not isinstance(user, User) or not user.is_active:
        return {}
    rows = Membership.objects.filter(user=user, account__closed=None).select_related("account").order_by("pk")
    return {membership.account_id: membership for membership in rows}


def memberships_shown(request: HttpRequest) -> dict[int, Membership]:
    """`memberships_of` the person for the page around an answer: as `enter` has found them, where it has. Not for
    deciding who may what."""
    found: dict[int, Membership] | None = getattr(request, "memberships", None)
    return memberships_of(request.user) if found is None else found


def person_of(request: HttpRequest | Request) -> User:
    """Who is logged in; for views behind `login_required`, or what needs a right to change: a key has none."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def _person_in(session: SessionBase) -> Person:
    """Who is logged in by a connection's session now: it may have ended since, with a log-out or a new password."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)
    person: Person = get_user(cast("HttpRequest", SimpleNamespace(session=store)))
    return person


def _access_for_person(user: Person, session: Mapping[str, Any], asked: int | None, right: Right) -> Access:
    memberships = memberships_of(user)
    membership = current_membership(memberships, session) if asked is None else memberships.get(asked)
    if membership is not None:
        return _granted(Access(membership.account, membership.role), right)
    if asked == SYSTEM_ACCOUNT_ID and (user.is_authenticated or right == Right.READ):
        return _granted(public_access(), right)
    if not user.is_authenticated:
        raise NotAuthenticated
    raise Http404


def _access_in(memberships: Mapping[int, Membership], account_id: int, right: Right) -> Access:
    membership = memberships.get(account_id)
    if membership is None:
        raise Http404
    return _granted(Access(membership.account, membership.role), right)


def _same_account(access: Access, asked: int | None, right: Right) -> Access:
    if asked is not None and asked != access.account.pk:
        raise Http404
    return _granted(access, right)


def _granted(access: Access, right: Right) -> Access:
    if access.right < right:
        raise PermissionDenied
    return access


def _account_id_in(text: str | None) -> int | None:
    if text is None:
        return None
    if not _ACCOUNT_ID.fullmatch(text):
        raise Http404
    return int(text)
