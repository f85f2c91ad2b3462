"""The change of the address and of the password of somebody who is logged in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import AuditEntry, Membership, Role, User
from accounts.opening import open_account
from tests.accounts.conftest import PASSWORD, person
from tests.accounts.mails import links_of, mailed_path

NEW = "a@example.net"
NEW_PASSWORD = "another long phrase"


@pytest.fixture
def browser(alice: User) -> Client:
    return logged_in(alice)


def logged_in(user: User) -> Client:
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def ask_for(browser: Client, email: str) -> Any:
    """Asks for a new address and says the password again, which the site wants before."""
    asked = browser.post("/accounts/email/", {"action_add": "", "email": email}, follow=True)
    assert "Confirm that it is you" in asked.content.decode()
    return browser.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)


def actions_of(user: User) -> list[str]:
    return list(AuditEntry.objects.filter(user=user, account=None).order_by("pk").values_list("action", flat=True))


def test_a_new_address_counts_only_once_it_is_confirmed(browser: Client, alice: User) -> None:
    page = ask_for(browser, NEW)
    assert f"{NEW} is not confirmed yet" in page.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert Client().post("/accounts/login/", {"login": NEW, "password": PASSWORD})["Location"] == (
        "/accounts/confirm-email/"
    )
    assert [sent.to for sent in mail.outbox] == [[NEW]]
    assert browser.post(mailed_path())["Location"] == "/accounts/email/"
    alice.refresh_from_db()
    assert alice.email == NEW
    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "verified", "primary")) == [
        (NEW, True, True)
    ]


def test_the_old_address_is_told_and_no_longer_logs_in(browser: Client, alice: User) -> None:
    User.objects.update(timezone="Asia/Tokyo")  # pages go by it, mails name UTC
    ask_for(browser, NEW)
    browser.post(mailed_path())
    told = mail.outbox[-1]
    assert told.to == ["alice@example.org"]
    assert NEW in str(told.body)
    assert f"at {datetime.now(UTC):%Y-%m-%d %H}:" in str(told.body)
    assert links_of() == [f"{settings.PUBLIC_URL}/accounts/password/reset/"]
    old = Client().post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert old.status_code == 200
    assert Client().post("/accounts/login/", {"login": NEW, "password": PASSWORD}).status_code == 302
    assert actions_of(alice)[:4] == ["login", "email.change_asked", "email.confirmed", "email.changed"]


def test_a_change_can_be_given_up(browser: Client, alice: User) -> None:
    ask_for(browser, NEW)
    link = mailed_path()
    page = browser.post("/accounts/email/", {"action_remove": "", "email": NEW}, follow=True)
    assert "The old address stays." in page.content.decode()
    assert "This link does not work" in browser.post(link).content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_another_wish_replaces_the_first_and_its_link(browser: Client, alice: User) -> None:
    ask_for(browser, NEW)
    first = mailed_path()
    browser.post("/accounts/email/", {"action_add": "", "email": "b@example.net"})
    assert "This link does not work" in browser.post(first).content.decode()
    browser.post(mailed_path())
    alice.refresh_from_db()
    assert alice.email == "b@example.net"


def test_an_address_of_somebody_else_cannot_become_ones_own(alice: User, charlie: User) -> None:
    browser = logged_in(charlie)
    page = ask_for(browser, alice.email)
    assert "is not confirmed yet" in page.content.decode()  # as for an address that nobody has
    assert "This address is taken" in Client().get(mailed_path()).content.decode()
    browser.post(mailed_path())
    browser.post("/accounts/email/", {"action_primary": "", "email": alice.email})
    charlie.refresh_from_db()
    assert charlie.email == "charlie@example.org"
    assert not EmailAddress.objects.filter(email=alice.email, user=charlie, verified=True).exists()


def test_whoever_signed_up_with_it_and_never_confirmed_it_gives_way(browser: Client, alice: User) -> None:
    Client().post("/accounts/signup/", {"email": NEW, "password1": PASSWORD, "team": ""})
    squatter = User.objects.get(email=NEW)
    mail.outbox.clear()
    cache.clear()  # the mail to the same address would wait for three minutes
    ask_for(browser, NEW)
    browser.post(mailed_path())
    alice.refresh_from_db()
    assert alice.email == NEW
    assert not User.objects.filter(pk=squatter.pk).exists()


def test_a_member_who_never_confirmed_an_address_keeps_it(browser: Client, alice: User) -> None:
    """From before addresses had to be confirmed: there may be values that he sends."""
    earlier = User.objects.create_user(NEW, PASSWORD)
    Membership.objects.create(user=earlier, account=open_account(person("x@example.org")).account, role=Role.OWNER)
    ask_for(browser, NEW)
    answer = browser.post(mailed_path(), follow=True)
    assert "confirmed by somebody else" in answer.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_changing_the_password_needs_the_old_one_and_is_told(browser: Client, alice: User) -> None:
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post("/accounts/password/change/", {"oldpassword": "wrong", **fields}).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert mail.outbox == []
    assert browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, **fields}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    assert [(sent.to, "password was changed" in sent.subject) for sent in mail.outbox] == [([alice.email], True)]
    assert actions_of(alice) == ["login", "password.changed"]


@pytest.mark.parametrize("way", ["change", "reset"])
def test_a_new_password_ends_the_other_sessions(browser: Client, alice: User, way: str) -> None:
    other = logged_in(alice)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    if way == "change":
        browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, **fields})
    else:
        stranger = Client()
        stranger.post("/accounts/password/reset/", {"email": alice.email})
        form = stranger.get(mailed_path(), follow=True)
        stranger.post(form.redirect_chain[-1][0], fields)
    assert other.get("/profile/").status_code == 302
    assert browser.get("/profile/").status_code == (200 if way == "change" else 302)


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_password_is_written_down(alice: User, known: bool) -> None:
    email = alice.email if known else "nobody@example.org"
    Client().post("/accounts/login/", {"login": email, "password": "wrong"}, REMOTE_ADDR="192.0.2.7")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user, entry.target, entry.ip, entry.account) == (
        "login.failed",
        alice if known else None,
        email,
        "192.0.2.7",
        None,
    )


def test_signing_up_to_logging_out_is_written_down(db: None) -> None:
    browser = Client()
    browser.post("/accounts/signup/", {"email": "dora@example.org", "password1": PASSWORD, "team": ""})
    browser.post(mailed_path())
    browser.post("/accounts/logout/")
    dora = User.objects.get()
    assert actions_of(dora) == ["login.signed_up", "email.confirmed", "login", "logout"]


def test_who_never_confirmed_an_address_confirms_it_before_a_change(
    alice: User, browser_of: Callable[[User], Client]
) -> None:
    """A session from before addresses had to be confirmed."""
    EmailAddress.objects.filter(user=alice).update(verified=False)
    page = browser_of(alice).get("/accounts/email/")
    assert "This page needs a confirmed address" in page.content.decode()
    assert [sent.to for sent in mail.outbox] == [[alice.email]]
