"""The keys page and its revocation page: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import key_forms
from accounts.keys import find_key, make_key
from accounts.keys_once import COOKIE
from accounts.models import Account, ApiKey, Membership, Role, Scope, User
from accounts.opening import OpenedAccount, open_account
from accounts.system_account import ensure_system_account

KEY = re.compile(r"[0-9]+_[0-9a-f]{40}")
NEW = {"label": "api servers", "scope": "read"}
BrowserOf = Callable[[User], Client]


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/keys/"


@pytest.fixture
def revoke_page(opened: OpenedAccount, page: str) -> str:
    return f"{page}{opened.key.pk}/revoke/"


def test_it_lists_the_keys_of_the_account_by_their_beginning(
    alice: User, opened: OpenedAccount, page: str, browser_of: BrowserOf
) -> None:
    text = browser_of(alice).get(page).content.decode()
    assert opened.key.label in text
    assert opened.key.prefix in text
    assert opened.raw not in text
    assert "never" in text


def test_it_shows_no_key_of_another_account(alice: User, charlie: User, page: str, browser_of: BrowserOf) -> None:
    make_key(charlie.accounts.get(), "Charlie's secret plan", Scope.READ, charlie)
    assert "secret plan" not in browser_of(alice).get(page).content.decode()


@pytest.mark.parametrize("scope", ["ingest", "read"])
def test_a_member_makes_a_key_that_is_shown_once(bob: User, page: str, scope: str, browser_of: BrowserOf) -> None:
    browser = browser_of(bob)
    response = browser.post(page, {"label": "api servers", "scope": scope})
    assert (response.status_code, response["Location"]) == (302, page)
    key = ApiKey.objects.get(label="api servers")
    assert (key.scope, key.created_by) == (scope, bob)
    (raw,) = KEY.findall(browser.get(page).content.decode())
    assert find_key(raw) == key
    assert KEY.search(browser.get(page).content.decode()) is None


def test_a_page_with_a_key_in_it_is_not_cached(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post(page, NEW)
    assert "no-store" in browser.get(page)["Cache-Control"]


def test_the_label_is_escaped(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post(page, {"label": "<script>alert(1)</script>", "scope": "read"})
    assert "<script>alert" not in browser.get(page).content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"label": "", "scope": "read"},
        {"label": "a"},
        {"label": "a", "scope": "admin"},
        {"label": "a" * 81, "scope": "read"},
    ],
)
def test_a_bad_form_makes_no_key(alice: User, page: str, fields: dict[str, str], browser_of: BrowserOf) -> None:
    response = browser_of(alice).post(page, fields)
    assert response.status_code == 200
    assert "field-error" in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_an_account_has_a_bounded_number_of_live_keys(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_forms, "MOST_LIVE_KEYS", 1)
    assert "Revoke one" in browser_of(alice).post(page, NEW).content.decode()
    assert acme.keys.count() == 1


def test_a_viewer_sees_the_keys_and_cannot_make_one(vera: User, page: str, browser_of: BrowserOf) -> None:
    shown = browser_of(vera).get(page)
    assert shown.status_code == 200
    assert "Make the key" not in shown.content.decode()
    assert "/revoke/" not in shown.content.decode()
    assert browser_of(vera).post(page, NEW).status_code == 403
    assert ApiKey.objects.count() == 1


def test_a_stranger_finds_nothing(charlie: User, page: str, revoke_page: str, browser_of: BrowserOf) -> None:
    before = ApiKey.objects.count()
    for path in (page, revoke_page):
        assert browser_of(charlie).get(path).status_code == 404
        assert browser_of(charlie).post(path, NEW).status_code == 404
    assert ApiKey.objects.filter(revoked=None).count() == before


def test_who_is_not_logged_in_is_asked_to(page: str, revoke_page: str) -> None:
    for path in (page, revoke_page):
        for answer in (Client().get(path), Client().post(path, NEW)):
            assert answer.status_code == 302
            assert answer["Location"] == f"/accounts/login/?next={path}"
    assert ApiKey.objects.filter(revoked=None).count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(
    alice: User, page: str, revoke_page: str, method: str, browser_of: BrowserOf
) -> None:
    for path in (page, revoke_page):
        assert getattr(browser_of(alice), method)(path).status_code == 405


def test_changes_need_a_csrf_token(alice: User, page: str, revoke_page: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    for path in (page, revoke_page):
        assert browser.post(path, NEW).status_code == 403
    assert ApiKey.objects.filter(revoked=None).count() == 1


def test_a_key_is_revoked_after_a_question(
    bob: User, opened: OpenedAccount, page: str, revoke_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(bob)
    assert "Revoke the key" in browser.get(revoke_page).content.decode()
    assert find_key(opened.raw) is not None
    assert browser.post(revoke_page)["Location"] == page
    assert find_key(opened.raw) is None
    assert "revoked" in browser.get(page).content.decode()


def test_a_revoked_key_is_not_asked_about_again(
    alice: User, page: str, revoke_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    browser.post(revoke_page)
    for answer in (browser.get(revoke_page), browser.post(revoke_page)):
        assert answer["Location"] == page


def test_a_viewer_cannot_revoke(vera: User, opened: OpenedAccount, revoke_page: str, browser_of: BrowserOf) -> None:
    assert browser_of(vera).get(revoke_page).status_code == 403
    assert browser_of(vera).post(revoke_page).status_code == 403
    assert find_key(opened.raw) is not None


def test_a_key_is_not_reached_through_another_account(
    charlie: User, opened: OpenedAccount, browser_of: BrowserOf
) -> None:
    own = charlie.accounts.get().pk
    assert browser_of(charlie).post(f"/a/{own}/keys/{opened.key.pk}/revoke/").status_code == 404
    assert find_key(opened.raw) is not None


def test_the_keys_of_account_0_are_nobodys_business(alice: User, acme: Account, browser_of: BrowserOf) -> None:
    ensure_system_account()
    assert browser_of(alice).get("/a/0/keys/").status_code == 404


def test_numbers_beyond_the_database_are_not_found(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.get(f"/a/{10**30}/keys/").status_code == 404
    assert browser.get(f"{page}{10**30}/revoke/").status_code == 404


def test_opening_a_page_makes_its_account_the_current_one(alice: User, acme: Account, browser_of: BrowserOf) -> None:
    second = open_account(alice, "Second").account
    browser = browser_of(alice)
    page = browser.get(f"/a/{second.pk}/keys/")
    assert page.context["account"] == second
    assert list(page.context["accounts"]) == [acme, second]
    assert browser.get("/accounts/email/").context["account"] == second


def test_a_page_takes_few_queries_however_many_accounts_and_keys(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        make_key(acme, f"key {number}", Scope.READ, alice)
        Membership.objects.create(user=alice, account=Account.objects.create(name=f"a{number}"), role=Role.VIEWER)
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_max_num_queries(6):
        assert browser.get(page).status_code == 200


def test_a_cookie_of_another_account_shows_nothing(
    alice: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    second = open_account(alice, "Second").account
    browser = browser_of(alice)
    value = browser.post(page, NEW).cookies[COOKIE].value
    browser.cookies[COOKIE] = value
    assert KEY.search(browser.get(f"/a/{second.pk}/keys/").content.decode()) is None
