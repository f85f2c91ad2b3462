"""Who may do what: the answers of `accounts.access`, asked directly."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from accounts import access
from accounts.access import Right
from accounts.keys import make_key, revoke
from accounts.models import Account, ApiKey, Membership, Role, Scope, User
from accounts.opening import OpenedAccount, open_account
from accounts.system_account import ensure_system_account

Person = User | AnonymousUser
ADDRESS = "192.0.2.1"


def request_of(user: Person, query: str = "", session: SessionBase | None = None) -> HttpRequest:
    request = RequestFactory().get("/" + query)
    request.user = user
    request.session = session or SessionStore()
    return request


def test_owner_and_member_read_and_write(alice: User, bob: User, acme: Account) -> None:
    assert access.access_for_user(alice, acme.pk, Right.CHANGE) == access.Access(acme, "owner")
    assert access.access_for_user(bob, acme.pk, Right.CHANGE) == access.Access(acme, "member")


def test_a_viewer_reads_and_does_not_write(vera: User, acme: Account) -> None:
    granted = access.access_for_user(vera, acme.pk)
    assert (granted.can_write, granted.is_member) == (False, True)
    with pytest.raises(PermissionDenied):
        access.access_for_user(vera, acme.pk, Right.CHANGE)


@pytest.mark.parametrize("right", Right)
def test_a_stranger_finds_no_account(charlie: User, acme: Account, right: Right) -> None:
    with pytest.raises(Http404):
        access.access_for_user(charlie, acme.pk, right)


def test_only_an_owner_decides_about_the_account(alice: User, bob: User, acme: Account) -> None:
    assert access.access_for_user(alice, acme.pk, Right.OWN).is_owner
    with pytest.raises(PermissionDenied):
        access.access_for_user(bob, acme.pk, Right.OWN)


def test_a_closed_log_in_opens_nothing(bob: User, acme: Account) -> None:
    bob.is_active = False
    with pytest.raises(Http404):
        access.access_for_user(bob, acme.pk)


@pytest.mark.parametrize("account_id", [-1, 999, 2**63, 10**40])
def test_an_account_that_does_not_exist_is_not_found(alice: User, account_id: int) -> None:
    with pytest.raises(Http404):
        access.access_for_user(alice, account_id)


def test_membership_of_one_account_opens_no_other(alice: User, charlie: User) -> None:
    (other,) = charlie.accounts.all()
    with pytest.raises(Http404):
        access.access_for_user(alice, other.pk)


def test_everybody_reads_account_0_and_nobody_writes_it(alice: User, acme: Account) -> None:
    ensure_system_account()
    for user in (alice, AnonymousUser()):
        granted = access.access_for_request(request_of(user), 0)
        assert (granted.role, granted.can_write, granted.is_member) == ("public", False, False)
    with pytest.raises(PermissionDenied):
        access.access_for_request(request_of(alice), 0, Right.CHANGE)
    with pytest.raises(NotAuthenticated):
        access.access_for_request(request_of(AnonymousUser()), 0, Right.CHANGE)


def test_the_pages_of_account_0_are_not_public(alice: User) -> None:
    ensure_system_account()
    with pytest.raises(Http404):
        access.access_for_user(alice, 0)


def test_before_account_0_is_made_it_is_not_found(db: None) -> None:
    with pytest.raises(Http404):
        access.public_access()


def test_an_anonymous_request_is_asked_who_it_is(acme: Account) -> None:
    for account_id in (None, acme.pk, 999):
        with pytest.raises(NotAuthenticated):
            access.access_for_request(request_of(AnonymousUser()), account_id)


def test_a_request_names_its_account_by_path_then_query_then_session_then_first(alice: User, acme: Account) -> None:
    second, third = open_account(alice, "Second").account, open_account(alice, "Third").account
    session = SessionStore()
    assert access.access_for_request(request_of(alice)).account == acme
    session["account"] = second.pk
    assert access.access_for_request(request_of(alice, session=session)).account == second
    request = request_of(alice, f"?account={third.pk}", session)
    assert access.access_for_request(request).account == third
    assert access.access_for_request(request, acme.pk).account == acme


def test_an_account_that_was_left_is_forgotten_by_the_session(alice: User, acme: Account) -> None:
    second = open_account(alice, "Second").account
    session = SessionStore()
    session["account"] = second.pk
    Membership.objects.filter(account=second).delete()
    request = request_of(alice, session=session)
    assert access.access_for_request(request).account == acme
    assert access.current_account(request) == acme


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", "1 ", "٣", "9" * 30, "1_1"])
def test_a_malformed_account_in_the_query_is_not_found(alice: User, acme: Account, text: str) -> None:
    with pytest.raises(Http404):
        access.access_for_request(request_of(alice, f"?account={text}"))


def test_a_user_without_an_account_has_no_current_one(alice: User) -> None:
    request = request_of(alice)
    assert access.current_account(request) is None
    with pytest.raises(Http404):
        access.access_for_request(request)


def test_entering_an_account_makes_it_the_current_one(alice: User, acme: Account) -> None:
    second = open_account(alice, "Second").account
    request = request_of(alice)
    access.enter(request, second.pk)
    assert access.current_account(request) == second


def test_an_account_that_cannot_be_entered_does_not_become_current(charlie: User, acme: Account) -> None:
    request = request_of(charlie)
    with pytest.raises(Http404):
        access.enter(request, acme.pk)
    assert "account" not in request.session


def test_a_read_key_reads_its_account(acme: Account) -> None:
    _, raw = make_key(acme, "r", Scope.READ, None)
    granted = access.access_for_read_key(raw, ADDRESS)
    assert granted == access.Access(acme, "read key")
    assert not granted.can_write


def test_an_ingest_key_is_forbidden_to_read(opened: OpenedAccount) -> None:
    with pytest.raises(PermissionDenied):
        access.access_for_read_key(opened.raw, ADDRESS)


@pytest.mark.parametrize("raw", ["", "x", "1_" + "0" * 40, "1_" + "0" * 40 + "\n", "é"])
def test_a_key_that_is_none_fails(db: None, raw: str) -> None:
    with pytest.raises(AuthenticationFailed):
        access.access_for_read_key(raw, ADDRESS)


def test_a_revoked_read_key_fails(acme: Account) -> None:
    key, raw = make_key(acme, "r", Scope.READ, None)
    revoke(key)
    with pytest.raises(AuthenticationFailed):
        access.access_for_read_key(raw, ADDRESS)


def test_the_use_of_a_read_key_is_noted(acme: Account) -> None:
    key, raw = make_key(acme, "r", Scope.READ, None)
    access.access_for_read_key(raw, ADDRESS)
    used = ApiKey.objects.get(pk=key.pk)
    first = used.last_used
    assert first is not None
    assert used.last_ip == ADDRESS
    access.access_for_read_key(raw, ADDRESS)
    assert ApiKey.objects.get(pk=key.pk).last_used == first


def test_somebody_with_a_role_in_account_0_writes_it(alice: User) -> None:
    ensure_system_account()
    Membership.objects.create(user=alice, account_id=0, role=Role.MEMBER)
    assert access.access_for_request(request_of(alice), 0, Right.CHANGE).role == "member"
