"""Closing an account and opening it again. What becomes of its files is in tests/stats/test_closed_accounts.py."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts import closing
from accounts.keys import find_key, make_key
from accounts.keytable import KeyTable
from accounts.models import GRACE_DAYS, Account, ApiKey, AuditEntry, Membership, Role, Scope, User
from accounts.opening import OpenedAccount, open_account
from accounts.routing import MoveError, begin_move, finish_move
from accounts.system_account import ensure_system_account
from tests.accounts.conftest import PASSWORD

BrowserOf = Callable[[User], Client]
Outbox = list[EmailMessage]
NAMED = {"name": "Acme"}


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/close/"


@pytest.fixture
def sure(browser_of: BrowserOf) -> BrowserOf:
    """Makes browsers of people who have just confirmed who they are."""

    def confirm(user: User) -> Client:
        browser = browser_of(user)
        assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
        return browser

    return confirm


@pytest.fixture
def closed(alice: User, acme: Account, page: str, sure: BrowserOf, mailoutbox: Outbox) -> Account:
    sure(alice).post(page, NAMED)
    mailoutbox.clear()
    acme.refresh_from_db()
    assert acme.closed is not None
    return acme


def is_closed(account: Account) -> bool:
    return not Account.objects.filter(pk=account.pk, closed=None).exists()


# --- closing ----------------------------------------------------------------------------------------------------------
def test_it_asks_who_one_is_and_for_the_name(
    alice: User, acme: Account, page: str, sure: BrowserOf, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    for answer in (browser.get(page), browser.post(page, NAMED)):
        assert answer["Location"] == f"/accounts/reauthenticate/?next={page.replace('/', '%2F')}"
    assert not is_closed(acme)
    browser = sure(alice)
    assert "type its name" in browser.get(page).content.decode()
    for wrong in ({}, {"name": ""}, {"name": "acme"}, {"name": "Acme Ltd"}):
        assert "field-error" in browser.post(page, wrong).content.decode()
    assert not is_closed(acme)
    assert browser.post(page, NAMED)["Location"] == "/your-accounts/"
    assert is_closed(acme)


def test_a_wrong_password_does_not_confirm(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert browser.post(page, NAMED)["Location"].startswith("/accounts/reauthenticate/")
    assert not is_closed(acme)


def test_only_an_owner_closes(bob: User, vera: User, charlie: User, acme: Account, page: str, sure: BrowserOf) -> None:
    for user, status in ((bob, 403), (vera, 403), (charlie, 404)):
        assert sure(user).get(page).status_code == status
        assert sure(user).post(page, NAMED).status_code == status
    assert Client().post(page, NAMED)["Location"] == f"/accounts/login/?next={page}"
    assert sure(bob).put(page).status_code == 405
    assert not is_closed(acme)


def test_account_0_is_never_closed(alice: User, acme: Account, sure: BrowserOf) -> None:
    ensure_system_account()
    Membership.objects.create(user=alice, account_id=0, role=Role.OWNER)
    assert "Close the account" not in sure(alice).get("/a/0/settings/").content.decode()
    assert sure(alice).post("/a/0/close/", {"name": "DaTtSs"}).status_code == 404
    Account.objects.update(closed=timezone.now() - timedelta(days=100))
    assert [one.pk for one in closing.closed_for_good(timezone.now())] == [acme.pk]


def test_nobody_sees_it_any_more(closed: Account, alice: User, bob: User, browser_of: BrowserOf) -> None:
    for user in (alice, bob):
        browser = browser_of(user)
        for path in ("", "settings/", "people/", "keys/", "close/"):
            assert browser.get(f"/a/{closed.pk}/{path}").status_code == 404
        assert browser.get(f"/api/v1/processes/?account={closed.pk}").status_code == 404


def test_its_keys_are_unknown_and_come_back(
    opened: OpenedAccount, closed: Account, alice: User, browser_of: BrowserOf
) -> None:
    _, other = make_key(open_account(alice, "Second").account, "a", Scope.READ, alice)
    table = KeyTable()
    table.load()
    assert (find_key(opened.raw), table.lookup(opened.raw)) == (None, None)
    assert find_key(other) is not None
    assert table.lookup(other) is not None
    assert ApiKey.objects.get(pk=opened.key.pk).revoked is None
    browser_of(alice).post(f"/your-accounts/{closed.pk}/reopen/")
    table.reload_if_changed()
    assert find_key(opened.raw) == opened.key
    assert table.lookup(opened.raw) is not None


def test_tables_of_keys_notice(opened: OpenedAccount, alice: User, page: str, sure: BrowserOf) -> None:
    table = KeyTable()
    table.reload_if_changed()
    assert table.takes(opened.account.pk, 0)
    sure(alice).post(page, NAMED)
    assert table.reload_if_changed()
    assert table.lookup(opened.raw) is None
    assert not table.takes(opened.account.pk, 0)
    assert opened.account.pk in table.accounts_of(0)  # its files are the shard's all the same
    sure(alice).post(f"/your-accounts/{opened.account.pk}/reopen/")
    assert table.reload_if_changed()
    assert table.takes(opened.account.pk, 0)


def test_the_owners_are_told(
    alice: User, bob: User, vera: User, page: str, sure: BrowserOf, mailoutbox: Outbox
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    sure(alice).post(page, NAMED)
    assert [mail.to for mail in mailoutbox] == [[alice.email], [bob.email]]
    body = str(mailoutbox[1].body)
    until = timezone.now() + timedelta(days=GRACE_DAYS)
    assert "alice@example.org has closed the account “Acme”" in body
    assert f"Until {until:%Y-%m-%d}" in body
    assert "http://127.0.0.1:8000/your-accounts/" in body
    assert AuditEntry.objects.get(action="account.closed").user == alice


# --- opening again ----------------------------------------------------------------------------------------------------
def test_an_owner_opens_it_again_and_all_is_back(
    closed: Account, alice: User, bob: User, vera: User, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    browser = browser_of(alice)
    page = browser.get("/", follow=True).content.decode()
    assert f'action="/your-accounts/{closed.pk}/reopen/"' in page
    assert browser.post(f"/your-accounts/{closed.pk}/reopen/")["Location"] == f"/a/{closed.pk}/"
    for user, role in ((alice, "owner"), (bob, "member"), (vera, "viewer")):
        assert browser_of(user).get(f"/a/{closed.pk}/").status_code == 200
        assert closed.memberships.get(user=user).role == role
    assert [mail.to for mail in mailoutbox] == [[alice.email]]
    assert AuditEntry.objects.get(action="account.reopened").user == alice
    assert browser.post(f"/your-accounts/{closed.pk}/reopen/").status_code == 404  # once more


def test_nobody_else_sees_it_among_the_closed_or_opens_it(
    closed: Account, bob: User, vera: User, charlie: User, browser_of: BrowserOf
) -> None:
    path = f"/your-accounts/{closed.pk}/reopen/"
    for user in (bob, vera, charlie):
        assert "Closed accounts" not in browser_of(user).get("/your-accounts/").content.decode()
        assert browser_of(user).post(path).status_code == 404
    assert Client().post(path)["Location"] == f"/accounts/login/?next={path}"
    assert browser_of(bob).get(path).status_code == 405
    assert browser_of(bob).post(f"/your-accounts/{10**30}/reopen/").status_code == 404
    assert is_closed(closed)


def test_after_the_grace_it_stays_closed_and_later_it_is_deleted(
    closed: Account, alice: User, browser_of: BrowserOf
) -> None:
    now = timezone.now()
    Account.objects.update(closed=now - closing.GRACE)
    answer = browser_of(alice).post(f"/your-accounts/{closed.pk}/reopen/", follow=True)
    assert "too long ago" in answer.content.decode()
    assert is_closed(closed)
    # In between nobody may do either: clocks of machines differ.
    assert not closing.delete(closed, now)
    assert not closing.closed_for_good(now).exists()
    assert closing.delete(closed, now + closing.MARGIN)
    assert not Account.objects.exists()


def test_until_the_end_of_the_grace_it_can_be_opened(closed: Account, alice: User, browser_of: BrowserOf) -> None:
    Account.objects.update(closed=timezone.now() - closing.GRACE + timedelta(minutes=1))
    browser_of(alice).post(f"/your-accounts/{closed.pk}/reopen/")
    assert not is_closed(closed)


# --- deletion of its rows ---------------------------------------------------------------------------------------------
def test_an_open_account_is_not_deleted_whatever_the_time(acme: Account) -> None:
    assert not closing.delete(acme, timezone.now() + timedelta(days=10_000))
    assert Account.objects.exists()


def test_the_rows_go_the_owners_are_told_and_the_users_stay(
    closed: Account, alice: User, bob: User, charlie: User, mailoutbox: Outbox
) -> None:
    later = timezone.now() + closing.GRACE + closing.MARGIN
    assert closing.delete(closed, later)
    assert not closing.delete(closed, later)  # once more: nothing
    assert [mail.to for mail in mailoutbox] == [[alice.email]]
    assert [account.pk for account in Account.objects.all()] == [charlie.accounts.get().pk]
    assert not ApiKey.objects.filter(account_id=closed.pk).exists()
    assert User.objects.count() == 3
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.account, entry.details) == (
        "account.deleted",
        "Acme",
        None,
        {"number": closed.pk},
    )


# --- while it moves ---------------------------------------------------------------------------------------------------
def test_a_closed_account_begins_no_move_but_ends_one(acme: Account) -> None:
    moving = begin_move(acme.pk, 1)
    Account.objects.update(closed=timezone.now() - timedelta(days=100))
    assert not closing.closed_for_good(timezone.now()).exists()
    begin_move(acme.pk, 1)  # goes on
    finish_move(moving)
    assert [one.shard for one in closing.closed_for_good(timezone.now())] == [1]
    with pytest.raises(MoveError, match="is closed"):
        begin_move(acme.pk, 2)
