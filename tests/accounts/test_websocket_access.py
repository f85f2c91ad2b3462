"""The same answers as a websocket consumer asks for them, from the scope of its connection."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.http import Http404
from django.test import Client
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from accounts.access import REFUSALS, Access, access_for_scope, access_for_scope_async, public_access_async
from accounts.keys import make_key
from accounts.models import Account, Scope, User
from accounts.opening import OpenedAccount, open_account
from accounts.system_account import ensure_system_account


def scope_of(user: User | None = None, raw: str | None = None, query: bytes = b"", account: int = -1) -> dict[str, Any]:
    headers = [] if raw is None else [(b"authorization", f"Bearer {raw}".encode())]
    return {"headers": headers, "query_string": query, "session": session_of(user, account)}


def session_of(user: User | None, account: int) -> SessionBase:
    """The session that somebody has logged in with; an empty one for nobody."""
    if user is None:
        return SessionStore()
    browser = Client()
    browser.force_login(user)
    session = browser.session
    session["account"] = account
    session.save()
    return session


def test_a_session_opens_the_account_it_was_in_last(alice: User, acme: Account) -> None:
    second = open_account(alice, "Second").account
    assert access_for_scope(scope_of(alice)) == Access(acme, "owner")
    assert access_for_scope(scope_of(alice, account=second.pk)).account == second
    assert access_for_scope(scope_of(alice, query=f"account={second.pk}".encode())).account == second


def test_a_read_key_opens_its_account(acme: Account, charlie: User) -> None:
    _, raw = make_key(acme, "r", Scope.READ, None)
    assert access_for_scope(scope_of(raw=raw)) == Access(acme, "read key")
    assert access_for_scope(scope_of(charlie, raw=raw)).account == acme
    with pytest.raises(Http404):
        access_for_scope(scope_of(raw=raw, query=f"account={acme.pk + 1}".encode()))


def test_strangers_are_refused(charlie: User, opened: OpenedAccount) -> None:
    query = f"account={opened.account.pk}".encode()
    expected = [
        (scope_of(charlie, query=query), Http404),
        (scope_of(query=query), NotAuthenticated),
        (scope_of(), NotAuthenticated),
        (scope_of(raw=opened.raw), PermissionDenied),
        (scope_of(raw="1_nonsense"), AuthenticationFailed),
        (scope_of(charlie, query=b"account=%FF"), Http404),
        (scope_of(charlie, query=b"account="), None),
    ]
    for scope, refusal in expected:
        if refusal is None:
            assert access_for_scope(scope).role == "owner"
            continue
        with pytest.raises(refusal):
            access_for_scope(scope)
        assert refusal in REFUSALS


@pytest.mark.parametrize("end", ["log-out", "password", "closed"])
def test_a_connection_is_refused_as_soon_as_its_session_has_ended(alice: User, acme: Account, end: str) -> None:
    scope = scope_of(alice)
    assert access_for_scope(scope).account == acme
    if end == "log-out":
        SessionStore().delete(scope["session"].session_key)
    elif end == "password":
        alice.set_password("another long phrase")
        alice.save()
    else:
        User.objects.update(is_active=False)
    with pytest.raises(NotAuthenticated):
        access_for_scope(scope)


def test_account_0_is_watched_by_everybody(db: None) -> None:
    ensure_system_account()
    assert access_for_scope(scope_of(query=b"account=0")).role == "public"


@pytest.mark.django_db(transaction=True)
async def test_a_consumer_awaits_the_answer() -> None:
    await Account.objects.acreate(pk=0, name="DaTtSs")
    assert (await public_access_async()).account.pk == 0
    with pytest.raises(NotAuthenticated):
        await access_for_scope_async(scope_of())
    # The thread that asked the database would keep its connection, and PostgreSQL its test database.
    await sync_to_async(connections.close_all)()
