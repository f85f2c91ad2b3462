"""The page and the API of caps: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import audit_sentences
from accounts.models import Account, AuditEntry, Contact, Medium, Membership, User
from alerts import caps
from alerts.models import Cap, Channel, Spending
from tests.accounts.conftest import acme, alice, bob, browser_of, charlie, opened, person, vera
from tests.accounts.pages import read_page

__all__ = ["acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]

BrowserOf = Callable[[User], Client]


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/alerts/caps/"


def spend(account: Account, user: User, channel: Channel, count: int) -> None:
    month = caps.month_of(timezone.now())
    Spending.objects.create(account=account, person=user, month=month, channel=channel, count=count)


def rows(caps_of: Account) -> set[tuple[int | None, int, int]]:
    return set(Cap.objects.filter(account=caps_of).values_list("person", "sms", "calls"))


def text_of(browser: Client, path: str) -> str:
    return " ".join(browser.get(path).content.decode().split())


def test_an_owner_sets_caps_and_they_hold(
    alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    spend(acme, bob, Channel.SMS, 7)
    browser = browser_of(alice)
    posted = {"of-all-sms": "", "of-all-calls": "0", f"of-{bob.pk}-sms": "7", f"of-{bob.pk}-calls": ""}
    assert browser.post(page, posted).headers["Location"] == page
    assert rows(acme) == {(None, 500, 0), (bob.pk, 7, 50)}
    assert caps.most(acme, bob, Channel.SMS) == 7
    assert '<span class="bad">7 of 7</span>' in text_of(browser, page)
    browser.post(page, posted | {f"of-{bob.pk}-sms": ""})
    assert rows(acme) == {(None, 500, 0)}
    done = AuditEntry.objects.filter(account=acme, action="cap.changed").order_by("pk")
    assert [audit_sentences.sentence(entry) for entry in done] == [
        "Set the caps of Acme to 500 SMS and 0 calls a month",
        "Set the caps of bob@example.org to 7 SMS and 50 calls a month",
        "Set the caps of bob@example.org to 100 SMS and 50 calls a month",
    ]


@pytest.mark.parametrize("wrong", ["-1", "1.5", "100001", "many", "9" * 30])
def test_what_is_no_cap_changes_nothing(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, wrong: str
) -> None:
    shown = browser_of(alice).post(page, {"of-all-sms": wrong, "of-all-calls": "3"}).content.decode()
    assert 'class="field-error"' in shown
    assert not rows(acme)


def test_others_see_the_account_and_themselves(
    alice: User, bob: User, vera: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    spend(acme, alice, Channel.SMS, 30)
    spend(acme, bob, Channel.SMS, 12)
    for reader, own in ((bob, "12 of 100"), (vera, "0 of 100")):
        shown = text_of(browser_of(reader), page)
        assert "42 of 500" in shown
        assert own in shown
        assert "30 of 100" not in shown
        assert "Keep the caps" not in shown
        assert browser_of(reader).post(page, {"of-all-sms": "1", "of-all-calls": "1"}).status_code == 403
    assert "30 of 100" in text_of(browser_of(alice), page)
    assert browser_of(charlie).get(page).status_code == 404


def test_who_gets_nothing_instead_is_shown(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    assert "nothing instead: no e-mail contact" in text_of(browser_of(alice), page)
    fields: dict[str, Any] = {"medium": Medium.EMAIL, "address": "a@example.org", "confirmed": timezone.now()}
    Contact.objects.create(account=acme, user=alice, **fields)
    assert "nothing instead" not in text_of(browser_of(alice), page)


def test_the_page_is_light_and_labelled_however_many_people(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        Membership.objects.create(user=person(f"p{number}@example.org"), account=acme, role="member")
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_max_num_queries(10):
        shown = read_page(browser.get(page).content)
    fields = [one for one in shown.visible_inputs() if one["name"].startswith("of-")]
    assert len(fields) == 2 * 14
    assert all(one["aria-label"] for one in fields)
