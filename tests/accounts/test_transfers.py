"""An account is handed over: Alice owns it, Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, Role, Transfer, User
from accounts.transfers import DAYS
from tests.accounts.test_people_page import place, role_of

BrowserOf = Callable[[User], Client]
Outbox = list[EmailMessage]
DEEDS = ("offer/", "withdraw/", "accept/", "decline/")


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/transfer/"


@pytest.fixture
def offered(alice: User, bob: User, page: str, browser_of: BrowserOf, mailoutbox: Outbox) -> Transfer:
    """Alice has offered the account to Bob."""
    browser_of(alice).post(f"{page}offer/", {"taker": place(bob)})
    mailoutbox.clear()
    return Transfer.objects.get()


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_the_other_side_is_told_by_mail_and_on_every_page(
    alice: User, bob: User, vera: User, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    answer = browser_of(alice).post(f"{page}offer/", {"taker": place(bob)}, follow=True)
    assert "Offered to bob@example.org" in answer.content.decode()
    assert (mailoutbox[0].to, page in str(mailoutbox[0].body)) == ([bob.email], True)
    assert abs(Transfer.objects.get().expires - timezone.now() - timedelta(days=DAYS)) < timedelta(minutes=1)
    for path in ("/profile/", "/your-accounts/", page.replace("transfer/", "")):
        assert f'href="{page}"' in browser_of(bob).get(path).content.decode()
        assert f'href="{page}"' not in browser_of(vera).get(path).content.decode()


def test_nothing_changes_before_it_is_accepted(offered: Transfer, alice: User, bob: User, acme: Account) -> None:
    assert (role_of(alice, acme), role_of(bob, acme)) == ("owner", "member")


def test_by_accepting_the_taker_owns_it_and_the_giver_is_a_member(
    offered: Transfer, alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    browser = browser_of(bob)
    assert "alice@example.org offers you" in browser.get(page).content.decode()
    assert browser.post(f"{page}accept/")["Location"] == f"/a/{acme.pk}/people/"
    assert (role_of(alice, acme), role_of(bob, acme)) == ("member", "owner")
    assert [mail.to for mail in mailoutbox] == [[alice.email]]
    assert actions() == ["transfer.offered", "transfer.accepted"]
    assert f'href="{page}"' not in browser.get("/profile/").content.decode()
    assert browser.post(f"{page}accept/").status_code == 404  # once more
    assert browser_of(alice).post(f"{page}offer/", {"taker": place(bob)}).status_code == 403


def test_by_declining_nothing_changes(
    offered: Transfer, alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    browser_of(bob).post(f"{page}decline/")
    assert (role_of(alice, acme), role_of(bob, acme)) == ("owner", "member")
    assert [mail.to for mail in mailoutbox] == [[alice.email]]
    assert actions()[-1] == "transfer.declined"
    assert browser_of(bob).post(f"{page}accept/").status_code == 404


def test_what_is_withdrawn_or_expired_cannot_be_accepted(
    offered: Transfer, alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    browser_of(alice).post(f"{page}withdraw/")
    assert browser_of(bob).post(f"{page}accept/").status_code == 404
    browser_of(alice).post(f"{page}offer/", {"taker": place(bob)})
    Transfer.objects.update(expires=timezone.now())
    assert browser_of(bob).get(page).status_code == 404
    assert browser_of(bob).post(f"{page}accept/").status_code == 404
    assert f'href="{page}"' not in browser_of(bob).get("/profile/").content.decode()
    browser_of(alice).post(f"{page}offer/", {"taker": place(bob)})  # in place of the expired one
    browser_of(bob).post(f"{page}accept/")
    assert role_of(bob, acme) == "owner"


def test_nobody_else_answers(
    offered: Transfer, alice: User, vera: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    for user in (alice, vera, charlie):
        browser = browser_of(user)
        assert browser.get(page).status_code == 404
        assert browser.post(f"{page}accept/").status_code == 404
        assert browser.post(f"{page}decline/").status_code == 404
    assert Transfer.objects.get() == offered
    assert role_of(alice, acme) == "owner"


def test_only_an_owner_offers_and_withdraws(
    offered: Transfer, bob: User, vera: User, charlie: User, page: str, browser_of: BrowserOf
) -> None:
    for deed in ("offer/", "withdraw/"):
        statuses = [browser_of(one).post(page + deed, {"taker": place(vera)}).status_code for one in (bob, vera)]
        assert statuses == [403, 403]
        assert browser_of(charlie).post(page + deed, {"taker": place(vera)}).status_code == 404
    assert Transfer.objects.get() == offered


def test_one_offer_at_a_time(
    offered: Transfer, alice: User, vera: User, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    answer = browser_of(alice).post(f"{page}offer/", {"taker": place(vera)}, follow=True)
    assert "offered already" in answer.content.decode()
    assert Transfer.objects.get() == offered
    assert not mailoutbox


def test_it_is_offered_to_people_of_the_account_who_do_not_own_it(
    alice: User, bob: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    elsewhere = charlie.memberships.get().pk
    for taker in (place(alice), place(bob), elsewhere, "", "x", 10**30):
        answer = browser_of(alice).post(f"{page}offer/", {"taker": taker}, follow=True)
        assert "Choose somebody" in answer.content.decode()
    assert not Transfer.objects.exists()


def test_who_is_not_logged_in_is_asked_to(page: str) -> None:
    for path in (page, *(page + deed for deed in DEEDS)):
        answer = Client().get(path) if path == page else Client().post(path)
        assert answer["Location"] == f"/accounts/login/?next={path}"


def test_other_methods_are_refused(alice: User, page: str, browser_of: BrowserOf) -> None:
    assert browser_of(alice).post(page).status_code == 405
    for deed in DEEDS:
        assert browser_of(alice).get(page + deed).status_code == 405


def test_changes_need_a_csrf_token(offered: Transfer, bob: User, acme: Account, page: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    assert [browser.post(page + deed).status_code for deed in DEEDS] == [403] * 4
    assert role_of(bob, acme) == "member"
