"""Who sees at which address or number somebody was told: Alice owns the account, Bob is a member, Vera looks."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.keys import make_key
from accounts.models import Account, Scope, User
from accounts.system_account import ensure_system_account
from alerts.masking import masked
from alerts.models import Channel, Incident, Notification, NotificationKind, NotificationState
from alerts.timeline import ACKNOWLEDGED, NOT_TOLD, TOLD, tell
from tests.accounts.conftest import acme, alice, bob, browser_of, opened, vera

__all__ = ["acme", "alice", "bob", "browser_of", "opened", "vera"]

BrowserOf = Callable[[User], Client]
ALICES, VERAS, GONE = "+436601234512", "+436609876534", "dave@example.com"


def incident_with_lines(account: Account, alice: User, vera: User | None = None) -> Incident:
    """Alice was told by SMS, Vera was not, and so was somebody who is gone; Alice has acknowledged."""
    now = timezone.now()
    found = Incident.objects.create(account=account, number=1, rule_name="Orders", target="api/c/orders", opened=now)
    tell(found, TOLD, f"SMS to {ALICES} sent.", now, alice)
    tell(found, NOT_TOLD, f"SMS to {VERAS}: The line was busy.", now, vera)
    tell(found, TOLD, f"E-mail to {GONE} sent.", now)
    tell(found, ACKNOWLEDGED, f"Acknowledged by {alice}, by page.", now, alice)
    Notification.objects.create(
        account=account,
        incident=found,
        kind=NotificationKind.ALERT,
        channel=Channel.EMAIL,
        address=GONE,
        key="k",
        due=now,
        state=NotificationState.SENT,
    )
    return found


def page_and_api(browser: Client, incident: Incident) -> tuple[str, str]:
    account = incident.account_id
    page = browser.get(f"/a/{account}/alerts/incidents/1/").content.decode()
    return page, browser.get(f"/api/v1/alerts/incidents/{incident.pk}/?account={account}").content.decode()


def test_viewers_read_masked_addresses_but_their_own(
    alice: User, bob: User, vera: User, acme: Account, browser_of: BrowserOf
) -> None:
    incident = incident_with_lines(acme, alice, vera)
    for member in (alice, bob):
        for text in page_and_api(browser_of(member), incident):
            assert all(whole in text for whole in (ALICES, VERAS, GONE))
    for text in page_and_api(browser_of(vera), incident):
        assert ALICES not in text
        assert GONE not in text
        assert "SMS to +43 … 12 sent." in text
        assert "E-mail to d…@example.com sent." in text
        assert f"SMS to {VERAS}: The line was busy." in text
        assert "Acknowledged by alice@example.org" in text  # whom the page of people shows too
    shown = browser_of(vera).get(f"/a/{acme.pk}/alerts/").content.decode()
    assert "d…@example.com by E-mail" in shown
    assert GONE not in shown


def test_a_read_key_and_the_public_do_not_read_who_the_people_are(alice: User, acme: Account) -> None:
    raw = make_key(acme, "Wall", Scope.READ, alice)[1]
    by_key = Client(headers={"Authorization": f"Bearer {raw}"})
    ensure_system_account()
    for browser, account in ((by_key, acme), (Client(), Account.objects.get(pk=0))):
        incident = incident_with_lines(account, alice)
        Notification.objects.all().delete()
        text = browser.get(f"/api/v1/alerts/incidents/{incident.pk}/?account={account.pk}").content.decode()
        assert "Acknowledged by a…@example.org, by page." in text
        assert "SMS to +43 … 12 sent." in text
        assert all(whole not in text for whole in (ALICES, VERAS, GONE, alice.email))


@pytest.mark.parametrize("text", ["SMS to nobody sent.", "5 + 3", "+12", "@", "a @ b", "Webhook to Ops: 404."])
def test_what_names_nobody_stays(text: str) -> None:
    assert masked(text) == text


@given(st.emails(), st.integers(1, 999_999_999_999))
def test_nothing_of_an_address_is_left_but_its_ends(email: str, digits: int) -> None:
    local, _, domain = email.rpartition("@")
    told = masked(f"E-mail to {email} sent.")
    assert len(local) == 1 or f"{local}@" not in told
    number = f"+49{digits:012d}"
    assert number not in masked(f"SMS to {number}: busy.")
    assert masked(f"SMS to {number}: busy.") == f"SMS to +49 … {number[-2:]}: busy."
    assert domain in told
