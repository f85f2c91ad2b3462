"""The pages of who is told: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import audit_sentences
from accounts.models import Account, AuditEntry, Contact, Medium, User
from accounts.system_account import ensure_system_account
from alerts import canary, channel_tests, outbox, ways
from alerts.models import Channel, Endpoint, Escalation, EscalationStep, Notification, NotificationState, Rule
from tests.accounts.conftest import acme, alice, bob, browser_of, charlie, opened, vera
from tests.accounts.pages import read_page

__all__ = ["acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]

BrowserOf = Callable[[User], Client]
NUMBER = "+15005550006"


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/alerts/"


def contact(account: Account, user: User, medium: Medium, address: str, *, confirmed: bool = True) -> Contact:
    when = timezone.now() if confirmed else None
    return Contact.objects.create(account=account, user=user, medium=medium, address=address, confirmed=when)


def form(*steps: tuple[str, str], **fields: str) -> dict[str, str]:
    """What a browser posts: steps are minutes and ways."""
    rows = {"steps-TOTAL_FORMS": str(len(steps)), "steps-INITIAL_FORMS": "0", "name": "On call"}
    for place, (after, way) in enumerate(steps):
        rows |= {f"steps-{place}-after": after, f"steps-{place}-way": way}
    return rows | fields


def steps_of(escalation: Escalation) -> list[tuple[int, int, str, int | None, int | None]]:
    rows = escalation.steps.order_by("position")
    return list(rows.values_list("position", "after_seconds", "channel", "contact", "endpoint"))


def test_an_escalation_is_made_changed_and_deleted(
    alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    mail, phone = (
        contact(acme, alice, Medium.EMAIL, "alice@example.org"),
        contact(acme, bob, Medium.PHONE, NUMBER),
    )
    browser = browser_of(bob)
    posted = form(
        ("8", f"phone:{phone.pk}"), ("", f"email:{mail.pk}"), ("3", ""), ("1.5", f"sms:{phone.pk}"), repeat_minutes="30"
    )
    assert browser.post(f"{page}escalations/new/", posted).headers["Location"] == f"{page}escalations/"
    made = Escalation.objects.get(account=acme)
    assert (made.repeat_minutes, made.most_repeats) == (30, 1)
    assert steps_of(made) == [
        (0, 0, "email", mail.pk, None),
        (1, 90, "sms", phone.pk, None),
        (2, 480, "phone", phone.pk, None),
    ]
    shown = browser.get(f"{page}escalations/").content.decode()
    assert f"after 1.5 min: SMS to {phone.shown} (bob@example.org)" in shown
    assert "each 30 min, 1 time" in shown
    one = f"{page}escalations/{made.pk}/"
    assert 'value="1.5"' in browser.get(one).content.decode()
    browser.post(one, form(("2", f"email:{mail.pk}"), name="Nights"))
    made.refresh_from_db()
    assert (made.name, made.repeat_minutes, steps_of(made)) == ("Nights", 0, [(0, 120, "email", mail.pk, None)])
    rule = Rule.objects.create(
        account=acme,
        name="R",
        target_kind="stat",
        target="a/c/b",
        condition={"kind": "above", "limit": 1},
        escalation=made,
    )
    assert "No rule tells by it" not in browser.get(f"{one}delete/").content.decode()
    assert "Rules tell by Nights" in browser.post(f"{one}delete/", follow=True).content.decode()
    rule.delete()
    assert "No rule tells by it" in browser.get(f"{one}delete/").content.decode()
    browser.post(f"{one}delete/")
    assert not Escalation.objects.filter(account=acme).exists()
    done = AuditEntry.objects.filter(account=acme, action__startswith="escalation").order_by("pk")
    assert list(done.values_list("action", flat=True)) == [
        "escalation.made",
        "escalation.changed",
        "escalation.deleted",
    ]


def test_only_confirmed_ways_of_this_account_are_offered(
    alice: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    pending = contact(acme, alice, Medium.PHONE, NUMBER, confirmed=False)
    elsewhere = contact(Account.objects.exclude(pk__in=[0, acme.pk])[0], charlie, Medium.EMAIL, "charlie@example.org")
    for way in (f"sms:{pending.pk}", f"email:{elsewhere.pk}", "sms:", "nonsense"):
        response = browser_of(alice).post(f"{page}escalations/new/", form(("0", way)))
        assert "Select a valid choice" in response.content.decode()
        assert "no such way" in browser_of(alice).post(f"{page}test/", {"way": way}, follow=True).content.decode()
    assert not Escalation.objects.filter(account=acme).exists()
    assert not Notification.objects.exists()


def test_what_is_wrong_is_said(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    mail = contact(acme, alice, Medium.EMAIL, "alice@example.org")
    Escalation.objects.create(account=acme, name="Taken")
    step = ("0", f"email:{mail.pk}")
    for posted, sentence in [
        (form(("0", "")), "An escalation has from 1 to 10 steps."),
        (form(step, name="Taken"), "Another escalation has this name."),
        (form(("2000", f"email:{mail.pk}")), "less than or equal to"),
        (form(("-1", f"email:{mail.pk}")), "greater than or equal to"),
        (form(step, repeat_minutes="0"), "greater than or equal to"),
        (form(step, name="\u202e"), "An escalation needs a name"),
        ({"name": "x"}, "ManagementForm data is missing"),
        (form(*[step] * 11), "Please submit at most 10 forms."),
    ]:
        response = browser_of(alice).post(f"{page}escalations/new/", posted)
        assert response.status_code == 200
        assert sentence in response.content.decode()
    assert Escalation.objects.filter(account=acme).count() == 1


def test_an_endpoint_is_added_tried_and_removed(bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser, new = browser_of(bob), f"{page}endpoints/new/"
    wrong = browser.post(new, {"kind": "webhook", "name": "Ops", "url": "http://example.org/"})
    assert "must begin with https:" in wrong.content.decode()
    assert "Select a valid choice" in browser.post(new, {"kind": "file", "name": "x", "url": "y"}).content.decode()
    browser.post(new, {"kind": "webhook", "name": "Ops", "url": "https://example.org/hook?token=abc"})
    endpoint = Endpoint.objects.get(account=acme)
    shown = browser.get(f"{page}escalations/").content.decode()
    assert endpoint.secret.startswith("whsec_")
    assert endpoint.secret in shown
    assert endpoint.secret not in browser.get(f"{page}escalations/").content.decode()
    assert "example.org</td>" in shown
    assert "token=abc" not in shown
    tried = browser.post(f"{page}test/", {"way": f"webhook:{endpoint.pk}"}, follow=True).content.decode()
    assert "A test goes out: Webhook Ops." in tried
    assert "Webhook to Ops: pending" in tried
    assert Notification.objects.get(account=acme).endpoint == endpoint
    assert "No escalation has a step to it" in browser.get(f"{page}endpoints/{endpoint.pk}/delete/").content.decode()
    browser.post(f"{page}endpoints/{endpoint.pk}/delete/")
    assert not Endpoint.objects.filter(account=acme).exists()
    done = AuditEntry.objects.filter(account=acme, action__startswith="endpoint").order_by("pk")
    assert list(done.values_list("action", flat=True)) == ["endpoint.made", "endpoint.deleted"]


def test_an_endpoint_is_changed_and_its_secret_shown_once(
    bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(bob)
    ops = Endpoint.objects.create(
        account=acme, kind="webhook", name="Ops", url="https://example.org/a", secret="whsec_x"
    )
    one = f"{page}endpoints/{ops.pk}/"
    assert "example.org/a" not in browser.get(one).content.decode()
    assert "must begin with https:" in browser.post(one, {"name": "New", "url": "http://x.org/"}).content.decode()
    browser.post(one, {"name": "Nights", "url": ""})
    ops.refresh_from_db()
    assert (ops.name, ops.url) == ("Nights", "https://example.org/a")
    browser.post(one, {"name": "Nights", "url": "https://example.org/b"})
    assert "with another secret" in browser.get(f"{one}secret/").content.decode()
    shown = browser.post(f"{one}secret/", follow=True).content.decode()
    ops.refresh_from_db()
    assert ops.url == "https://example.org/b"
    assert ops.secret != "whsec_x"
    assert ops.secret in shown
    assert ops.secret not in browser.get(f"{page}escalations/").content.decode()
    done = AuditEntry.objects.filter(account=acme, action__startswith="endpoint").order_by("pk")
    assert [audit_sentences.sentence(entry) for entry in done] == [
        "Changed the endpoint Nights",
        "Changed the endpoint Nights",
        "Replaced the secret of the endpoint Nights",
    ]


def escalation_to(account: Account, name: str, **way: Any) -> tuple[Escalation, Rule]:
    """An escalation of one step, and a rule that tells by it."""
    made = Escalation.objects.create(account=account, name=name)
    EscalationStep.objects.create(escalation=made, position=0, **way)
    condition = {"kind": "above", "limit": 1}
    rule = Rule.objects.create(
        account=account, name=f"{name} rule", target_kind="stat", target="a/c/b", condition=condition, escalation=made
    )
    return made, rule


def test_what_would_leave_rules_that_tell_nobody_says_which_and_does_nothing(
    alice: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    ops = Endpoint.objects.create(account=acme, kind="slack", name="Ops", url="https://example.org/")
    mail = contact(acme, alice, Medium.EMAIL, "alice@example.org")
    only, rule = escalation_to(acme, "Only", channel=Channel.SLACK, endpoint=ops)
    both, _ = escalation_to(acme, "Both", channel=Channel.SLACK, endpoint=ops)
    EscalationStep.objects.create(escalation=both, position=1, channel=Channel.EMAIL, contact=mail)
    browser = browser_of(alice)
    for path in (f"escalations/{only.pk}/delete/", f"endpoints/{ops.pk}/delete/"):
        asked = browser.get(page + path).content.decode()
        assert f'href="{page}rules/{rule.pk}/">Only rule</a>' in asked
        assert '<button class="danger"' not in asked
        done = browser.post(page + path, follow=True).content.decode()
        assert "first." in done
    assert "Both rule" not in asked
    assert "Only rule would tell nobody" in done
    assert Endpoint.objects.filter(pk=ops.pk).exists()
    EscalationStep.objects.create(escalation=only, position=1, channel=Channel.EMAIL, contact=mail)
    asked = browser.get(f"{page}endpoints/{ops.pk}/delete/").content.decode()
    assert "The steps to it in Both and Only are passed over" in asked
    browser.post(f"{page}endpoints/{ops.pk}/delete/")
    assert not Endpoint.objects.filter(pk=ops.pk).exists()


def test_an_escalation_that_tells_nobody_any_more_is_shown_as_such(
    alice: User, vera: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    mail = contact(acme, alice, Medium.EMAIL, "on-call@example.org")
    escalation_to(acme, "On call", channel=Channel.EMAIL, contact=mail)
    for reader in (alice, vera):
        assert "tells nobody" not in browser_of(reader).get(f"{page}escalations/").content.decode()
        assert "tells nobody" not in browser_of(reader).get(f"{page}rules/").content.decode()
    mail.delete()
    for reader in (alice, vera):
        assert "It tells nobody" in browser_of(reader).get(f"{page}escalations/").content.decode()
        assert "On call tells nobody" in browser_of(reader).get(f"{page}rules/").content.decode()


@pytest.mark.parametrize("size", [1, 20])
def test_the_page_asks_at_most_ten_times_whatever_its_size(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, size: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    ops = [
        Endpoint.objects.create(account=acme, kind="slack", name=f"Ops {at}", url="https://e.org/")
        for at in range(size)
    ]
    mails = [contact(acme, alice, Medium.EMAIL, f"a{at}@example.org") for at in range(size)]
    for at in range(size):
        made, _ = escalation_to(acme, f"On call {at}", channel=Channel.SLACK, endpoint=ops[at])
        EscalationStep.objects.create(escalation=made, position=1, channel=Channel.EMAIL, contact=mails[at])
    browser = browser_of(alice)
    browser.post(f"{page}test/", {"way": f"email:{mails[0].pk}"})
    browser.get(f"{page}escalations/")
    for path in ("escalations/", "rules/"):
        with django_assert_max_num_queries(10):
            assert f"On call {size - 1}" in browser.get(page + path).content.decode()


def test_a_test_arrives_and_the_page_says_so(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, mailoutbox: list[object]
) -> None:
    mail = contact(acme, alice, Medium.EMAIL, "alice@example.org")
    browser = browser_of(alice)
    browser.post(f"{page}test/", {"way": f"email:{mail.pk}"})
    assert all(outbox.send(pk) for pk in outbox.due(timezone.now()))
    assert len(mailoutbox) == 1
    assert Notification.objects.get(account=acme).state == NotificationState.SENT
    assert "E-mail to alice@example.org: sent" in browser.get(f"{page}escalations/").content.decode()
    for _ in range(channel_tests.MOST_AN_HOUR):
        last = browser.post(f"{page}test/", {"way": f"email:{mail.pk}"}, follow=True)
    assert "at most 10 tests an hour" in last.content.decode()


def test_viewers_see_whom_and_not_where_and_strangers_nothing(
    alice: User, vera: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    phone = contact(acme, alice, Medium.PHONE, NUMBER)
    escalation = Escalation.objects.create(account=acme, name="On call")
    EscalationStep.objects.create(escalation=escalation, position=0, channel=Channel.SMS, contact=phone)
    Endpoint.objects.create(account=acme, kind="webhook", name="Ops", url="https://example.org/", secret="whsec_x")
    shown = browser_of(vera).get(f"{page}escalations/").content.decode()
    assert "at once: SMS to alice@example.org" in shown
    assert phone.shown not in shown
    assert NUMBER not in shown
    assert "whsec_x" not in shown
    for path in (f"escalations/{escalation.pk}/", "endpoints/new/", "escalations/new/"):
        assert browser_of(vera).get(page + path).status_code == 403
    assert browser_of(vera).post(f"{page}test/", {"way": f"sms:{phone.pk}"}).status_code == 403
    assert browser_of(charlie).get(f"{page}escalations/").status_code == 404


def test_canaries_are_not_shown(acme: Account) -> None:
    ensure_system_account()
    canary.ensure("dattss", 0)
    system = Account.objects.get(pk=0)
    assert not ways.escalations_of(system).exists()
    assert not ways.endpoints_of(system).exists()


def test_fields_have_labels(alice: User, page: str, browser_of: BrowserOf) -> None:
    for path in ("escalations/new/", "endpoints/new/"):
        shown = read_page(browser_of(alice).get(page + path).content)
        assert [one for one in shown.visible_inputs() if one.get("id") and one["id"] not in shown.labelled] == []
