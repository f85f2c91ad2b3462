"""The pages of incidents: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AuditEntry, User
from accounts.system_account import ensure_system_account
from alerts import canary, links
from alerts.incident_lists import PAGE
from alerts.models import (
    Channel,
    Endpoint,
    Incident,
    IncidentState,
    Notification,
    NotificationKind,
    NotificationState,
    Rule,
)
from alerts.timeline import NOT_TOLD, OPENED, tell
from tests.accounts.conftest import acme, alice, bob, browser_of, charlie, opened, vera

__all__ = ["acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]

BrowserOf = Callable[[User], Client]
SENTENCE = "orders 12/min, above 10/min, for 6 min"


@pytest.fixture
def rule(acme: Account) -> Rule:
    return Rule.objects.create(
        account=acme,
        name="Orders",
        target_kind="stat",
        target="api/c/orders",
        condition={"kind": "above", "limit": 10},
    )


@pytest.fixture
def incident(acme: Account, rule: Rule) -> Incident:
    begin = timezone.now() - timedelta(minutes=6)
    found = Incident.objects.create(
        account=acme, number=7, rule=rule, rule_name="Orders", target="api/c/orders", opened=begin, sentence=SENTENCE
    )
    tell(found, OPENED, SENTENCE, begin)
    return found


def alarm(incident: Incident, person: User, channel: Channel, state: NotificationState, **fields: object) -> None:
    now = timezone.now()
    Notification.objects.create(
        account=incident.account,
        incident=incident,
        kind=NotificationKind.ALERT,
        channel=channel,
        person=person,
        address="+15005550006",
        sentence=SENTENCE,
        key=f"{incident.pk}:{channel}:{state}",
        state=state,
        **{"due": now, **fields},
    )


def text_of(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_open_incident_says_since_when_and_who_was_told(
    alice: User, acme: Account, incident: Incident, browser_of: BrowserOf
) -> None:
    alarm(incident, alice, Channel.EMAIL, NotificationState.DELIVERED)
    alarm(incident, alice, Channel.SMS, NotificationState.FAILED)
    alarm(incident, alice, Channel.PHONE, NotificationState.PENDING, due=timezone.now() + timedelta(minutes=5))
    text = text_of(browser_of(alice), f"/a/{acme.pk}/alerts/")
    assert SENTENCE in text
    assert "for 6 min" in text
    assert "Told: alice@example.org by E-mail." in text
    assert "1 message did not arrive." in text
    assert "Next: Phone call to alice@example.org in 5 min." in text
    assert 'title="Incidents that nobody has acknowledged">1<' in text


def test_members_take_care_and_viewers_look(
    alice: User, bob: User, vera: User, charlie: User, acme: Account, incident: Incident, browser_of: BrowserOf
) -> None:
    list_page, page = f"/a/{acme.pk}/alerts/", f"/a/{acme.pk}/alerts/incidents/7/"
    for path in (list_page, page):
        assert "Acknowledge" not in text_of(browser_of(vera), path)
        assert "Acknowledge" in text_of(browser_of(alice), path)
        assert browser_of(charlie).get(path).status_code == 404
    assert browser_of(vera).post(f"{page}acknowledge/").status_code == 403
    assert browser_of(charlie).post(f"{page}resolve/").status_code == 404
    assert browser_of(bob).get(f"{page}resolve/").status_code == 405
    assert browser_of(bob).get(f"/a/{acme.pk}/alerts/incidents/8/").status_code == 404


def test_it_is_acknowledged_for_a_while_then_resolved(
    bob: User, acme: Account, incident: Incident, browser_of: BrowserOf
) -> None:
    page, browser = f"/a/{acme.pk}/alerts/incidents/7/", browser_of(bob)
    assert browser.post(f"{page}acknowledge/", {"hours": "4"}).headers["Location"] == page
    incident.refresh_from_db()
    assert incident.state == IncidentState.ACKNOWLEDGED
    assert incident.acknowledged_until is not None
    assert abs(incident.acknowledged_until - timezone.now() - timedelta(hours=4)) < timedelta(minutes=1)
    assert "bob@example.org takes care of it until" in text_of(browser, page)
    assert "It was acknowledged, or is over." in text_of_followed(browser, f"{page}acknowledge/")
    answer = browser.post(f"{page}resolve/", {"back": "list"})
    assert answer.headers["Location"] == f"/a/{acme.pk}/alerts/"
    text = text_of(browser, page)
    assert "Acknowledged by bob@example.org, by page." in text
    assert "was resolved by bob@example.org" in text
    assert "Nothing burns." in text_of(browser, f"/a/{acme.pk}/alerts/")
    done = list(AuditEntry.objects.filter(account=acme).order_by("pk").values_list("action", flat=True))
    assert done[-2:] == ["incident.acknowledged", "incident.resolved"]


def text_of_followed(browser: Client, path: str) -> str:
    return browser.post(path, follow=True).content.decode()


def test_the_page_says_what_was_not_delivered_and_why(
    alice: User, acme: Account, incident: Incident, browser_of: BrowserOf
) -> None:
    alarm(incident, alice, Channel.PHONE, NotificationState.UNKNOWN, why="No answer came: it may have arrived.")
    tell(incident, NOT_TOLD, "Phone call to <b>+1500</b>: nobody answered.", timezone.now())
    text = text_of(browser_of(alice), f"/a/{acme.pk}/alerts/incidents/7/")
    assert "No answer came: it may have arrived." in text
    assert "Phone call to &lt;b&gt;+1500&lt;/b&gt;: nobody answered." in text


def test_sentences_have_the_times_of_who_reads(
    alice: User, acme: Account, incident: Incident, browser_of: BrowserOf
) -> None:
    at = 1_763_899_980
    Incident.objects.filter(pk=incident.pk).update(
        facts={
            "name": "orders",
            "type": "c",
            "condition": {"kind": "unlike_typical"},
            "change": {
                "at": at,
                "before": "ok",
                "after": "firing",
                "seconds": 360,
                "value": 3.0,
                "usual": 12.0,
                "low": 9.0,
            },
        }
    )
    User.objects.filter(pk=alice.pk).update(timezone="Asia/Tokyo")
    shown = text_of(browser_of(alice), f"/a/{acme.pk}/alerts/incidents/7/")
    assert shown.count("75 % below a typical Sunday 21:12") == 2  # the headline, and the line of the timeline
    assert SENTENCE not in shown


def test_a_page_of_many_past_incidents_leads_to_older_ones(
    alice: User, acme: Account, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    Incident.objects.bulk_create(
        Incident(
            account=acme, number=number, rule_name="Orders", target="api/c/orders", opened=now - timedelta(hours=2),
            resolved_at=now, resolved_how="values", state=IncidentState.RESOLVED, sentence=f"sentence {number}.",
        )
        for number in range(1, PAGE + 3)
    )  # fmt: skip
    browser, page = browser_of(alice), f"/a/{acme.pk}/alerts/"
    browser.get(page)
    with django_assert_max_num_queries(10):
        first = text_of(browser, page)
    assert "sentence 52." in first
    assert "sentence 3." in first
    assert "sentence 2." not in first
    assert "?before=3" in first
    older = text_of(browser, f"{page}?before=3")
    assert "sentence 2." in older
    assert "sentence 3." not in older
    assert "Older" not in older
    assert "sentence 52." in text_of(browser, f"{page}?before=nonsense")


def test_the_list_says_when_alerting_was_verified(acme: Account, alice: User, browser_of: BrowserOf) -> None:
    ensure_system_account()
    canary.ensure("dattss", 0)
    browser, page = browser_of(alice), f"/a/{acme.pk}/alerts/"
    assert "Alerting was not verified within the last hour" in text_of(browser, page)
    system = Account.objects.get(pk=0)
    sent = Notification.objects.create(
        account=system,
        kind=NotificationKind.ALERT,
        channel=Channel.FILE,
        endpoint=Endpoint.objects.get(account=system),
        sentence="",
        key="canary",
        due=timezone.now(),
        state=NotificationState.DELIVERED,
        delivered_at=timezone.now() - timedelta(minutes=4),
    )
    text = text_of(browser, page)
    assert "Alerting verified 4 min ago" in text
    assert "verified late" not in text
    Notification.objects.filter(pk=sent.pk).update(delivered_at=timezone.now() - timedelta(minutes=16))
    assert 'verified late">Alerting verified 16 min ago' in text_of(browser, page)


def test_a_message_leads_to_its_incident(acme: Account, incident: Incident) -> None:
    assert links.page_of(acme.pk, [incident]).endswith(f"/a/{acme.pk}/alerts/incidents/7/")
    assert links.page_of(acme.pk, [incident, incident]).endswith(f"/a/{acme.pk}/alerts/")
