"""Who asks for reports, and how they end: on the page, and by the link of a mail without a log-in."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AuditEntry, Membership, User
from reports.models import Subscription
from reports.periods import newest
from reports.subscribing import unsubscribe_link

BrowserOf = Callable[[User], Client]


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/report/"


@pytest.fixture
def subscription(alice: User, acme: Account) -> Subscription:
    mine = Membership.objects.get(user=alice, account=acme)
    return Subscription.objects.create(membership=mine, every="daily", told=dt.date(2026, 11, 22))


@pytest.fixture
def link(subscription: Subscription) -> str:
    return "/" + unsubscribe_link(subscription).split("/", 3)[3]


# --- the page ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["alice", "bob", "vera"])
def test_everybody_of_the_account_asks_for_his_own(
    name: str, acme: Account, page: str, browser_of: BrowserOf, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(name)
    browser = browser_of(person)
    before = browser.get(page).content.decode()
    assert 'value="" id="id_every_0" checked' in before
    assert person.email in before
    assert browser.post(page, {"every": "weekly"})["Location"] == page
    found = Subscription.objects.get()
    assert (found.membership.user, found.membership.account, found.every) == (person, acme, "weekly")
    assert 'value="weekly" id="id_every_2" checked' in browser.get(page).content.decode()


def test_strangers_find_no_page(charlie: User, page: str, browser_of: BrowserOf) -> None:
    assert browser_of(charlie).get(page).status_code == browser_of(charlie).post(page).status_code == 404
    assert Client().post(page, {"every": "daily"})["Location"].startswith("/accounts/login/")
    assert not Subscription.objects.exists()


def test_other_methods_and_other_words_are_refused(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.put(page).status_code == browser.delete(page).status_code == 405
    for wrong in ("hourly", "x" * 5000, "daily\0"):
        assert "field-error" in browser.post(page, {"every": wrong}).content.decode()
    assert not Subscription.objects.exists()


def test_the_page_needs_a_csrf_token(alice: User, page: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post(page, {"every": "daily"}).status_code == 403


def test_a_choice_is_in_the_audit_log_once(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    for every in ("", "daily", "daily", ""):
        browser.post(page, {"every": every})
    entries = AuditEntry.objects.filter(action="report.changed").order_by("pk")
    assert [(entry.account, entry.details) for entry in entries] == [
        (acme, {"every": "daily"}),
        (acme, {"every": "never"}),
    ]
    assert "Chose to be mailed reports: daily" in browser.get(f"/a/{acme.pk}/audit/").content.decode()


@pytest.mark.parametrize("every", ["daily", "weekly"])
def test_the_first_report_is_that_of_the_period_that_runs(
    every: str, alice: User, page: str, browser_of: BrowserOf
) -> None:
    browser_of(alice).post(page, {"every": every})
    over = newest("daily" if every == "daily" else "weekly", timezone.now().timestamp(), ZoneInfo("UTC"))
    assert Subscription.objects.get().told == over.last


def test_the_page_takes_few_queries(
    alice: User, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_max_num_queries(8):
        assert browser.get(page).status_code == 200


# --- the link ---------------------------------------------------------------------------------------------------------
def test_a_mail_program_ends_the_reports_by_one_post(link: str, subscription: Subscription, acme: Account) -> None:
    """As RFC 8058 has it: no cookie, no token of a form."""
    browser = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = browser.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, "No more reports" in answer.content.decode()) == (200, True)
    subscription.refresh_from_db()
    assert subscription.every == ""
    entry = AuditEntry.objects.get(action="report.changed")
    assert (entry.user, entry.account, entry.details) == (subscription.membership.user, acme, {"every": "never"})


def test_who_follows_the_link_is_asked_first(link: str, subscription: Subscription) -> None:
    page = Client().get(link).content.decode()
    assert "Unsubscribe</button>" in page
    assert "alice@example.org" in page
    subscription.refresh_from_db()
    assert subscription.every == "daily"


def test_only_the_reports_of_the_link_end(link: str, bob: User, subscription: Subscription, acme: Account) -> None:
    his = Membership.objects.get(user=bob, account=acme)
    other = Subscription.objects.create(membership=his, every="daily", told=subscription.told)
    Client().post(link)
    other.refresh_from_db()
    assert other.every == "daily"


def test_no_link_can_be_guessed(link: str, bob: User, subscription: Subscription, acme: Account) -> None:
    number, secret = link.split("/")[2].split(":")
    his = Membership.objects.get(user=bob, account=acme)
    for token in (f"{his.pk}:{secret}", number, f"{number}:", f"{number}:{secret[:-1]}", f"{number}:{'x' * 43}", ":"):
        path = reverse("report_unsubscribe", args=[token])
        assert Client().post(path).status_code == Client().get(path).status_code == 404
    subscription.refresh_from_db()
    assert subscription.every == "daily"


def test_the_link_ends_with_the_place_in_the_account(link: str, alice: User) -> None:
    Membership.objects.filter(user=alice).delete()
    assert not Subscription.objects.exists()
    assert Client().post(link).status_code == 404
