"""The account's page, and the list of one's accounts: Alice owns, Bob is a member, Vera looks, Charlie is no one."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.keys import find_key
from accounts.models import LONGEST_RETENTION_DAYS, SHORTEST_RETENTION_DAYS, Account, ApiKey, AuditEntry, User
from accounts.opening import MOST_OWNED, open_account
from tests.accounts.pages import read_page
from tests.accounts.test_keys_page import KEY

BrowserOf = Callable[[User], Client]
NEW = {"name": "New name", "retention_days": "30"}


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/settings/"


# --- name and retention -----------------------------------------------------------------------------------------------
def test_an_owner_sets_name_and_retention(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.post(page, NEW)["Location"] == page
    acme.refresh_from_db()
    assert (acme.name, acme.retention_days) == ("New name", 30)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user, entry.details) == (
        "account.changed",
        alice,
        {"name": "New name", "retention_days": 30},
    )
    browser.post(page, NEW)
    assert AuditEntry.objects.count() == 1  # nothing was changed


@pytest.mark.parametrize("days", ["", "x", "1.5", str(SHORTEST_RETENTION_DAYS - 1), str(LONGEST_RETENTION_DAYS + 1)])
def test_retention_has_bounds(alice: User, acme: Account, page: str, days: str, browser_of: BrowserOf) -> None:
    response = browser_of(alice).post(page, {"name": "New name", "retention_days": days})
    assert (response.status_code, "field-error" in response.content.decode()) == (200, True)
    acme.refresh_from_db()
    assert (acme.name, acme.retention_days) == ("Acme", 396)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\0b"])
def test_a_name_has_bounds(alice: User, acme: Account, page: str, name: str, browser_of: BrowserOf) -> None:
    assert "field-error" in browser_of(alice).post(page, {**NEW, "name": name}).content.decode()
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_a_name_is_one_line(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    """It stands in mails."""
    browser_of(alice).post(page, {**NEW, "name": " Acme\r\nBcc: x@example.org \t Ltd "})
    acme.refresh_from_db()
    assert acme.name == "Acme Bcc: x@example.org Ltd"


def test_others_see_it_and_change_nothing(
    bob: User, vera: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    for user in (bob, vera):
        response = browser_of(user).get(page)
        assert (response.status_code, "396 days" in response.content.decode()) == (200, True)
        assert "<form" not in response.content.decode().partition("<main")[2]
        assert browser_of(user).post(page, NEW).status_code == 403
    assert browser_of(charlie).get(page).status_code == 404
    assert browser_of(charlie).post(page, NEW).status_code == 404
    assert Client().post(page, NEW)["Location"] == f"/accounts/login/?next={page}"
    assert browser_of(bob).put(page).status_code == 405
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_the_pages_are_of_one_piece_and_labelled(alice: User, bob: User, page: str, browser_of: BrowserOf) -> None:
    for path in (page, "/your-accounts/"):
        response = browser_of(alice).get(path)
        shown = read_page(response.content)
        assert response.content.decode().count("<h1>") == 1
        assert all(found["id"] in shown.labelled for found in shown.visible_inputs())


def test_a_page_takes_few_queries(
    alice: User, bob: User, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        open_account(alice, f"a{number}")
    browser = browser_of(alice)
    for path in (page, "/your-accounts/"):
        browser.get(path)
        with django_assert_max_num_queries(8):
            assert browser.get(path).status_code == 200


# --- one's accounts ---------------------------------------------------------------------------------------------------
def test_somebody_opens_another_account_and_sees_its_first_key_once(
    alice: User, acme: Account, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    response = browser.post("/your-accounts/", {"name": "Second"})
    second = Account.objects.get(name="Second")
    assert response["Location"] == f"/a/{second.pk}/"
    assert second.memberships.get().user == alice
    (raw,) = set(KEY.findall(browser.get(response["Location"]).content.decode()))
    assert find_key(raw) == ApiKey.objects.get(account=second)
    assert AuditEntry.objects.get(account=second).action == "account.opened"
    text = browser.get("/your-accounts/").content.decode()
    assert f'href="/a/{acme.pk}/"' in text
    assert f'href="/a/{second.pk}/"' in text


def test_the_list_shows_nobody_elses_accounts(vera: User, charlie: User, browser_of: BrowserOf) -> None:
    text = browser_of(vera).get("/your-accounts/").content.decode()
    assert "Acme" in text
    assert "Viewer" in text
    assert charlie.accounts.get().name not in text.replace("charlie@", "")


def test_a_person_owns_a_bounded_number(alice: User, acme: Account, browser_of: BrowserOf) -> None:
    for number in range(MOST_OWNED - 1):
        open_account(alice, f"a{number}")
    answer = browser_of(alice).post("/your-accounts/", {"name": "One too many"})
    assert f"You own {MOST_OWNED} accounts" in answer.content.decode()
    assert Account.objects.count() == MOST_OWNED


def test_the_list_is_for_who_is_logged_in(alice: User, browser_of: BrowserOf) -> None:
    for answer in (Client().get("/your-accounts/"), Client().post("/your-accounts/", {"name": "a"})):
        assert answer["Location"] == "/accounts/login/?next=/your-accounts/"
    assert browser_of(alice).put("/your-accounts/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post("/your-accounts/", {"name": "a"}).status_code == 403
