"""Who is told, over the API: Alice owns the account, Bob is a member, Vera looks. Who may at all is the subject of
`tests/accounts/test_access_table.py`."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Contact, Medium, Membership, User
from alerts.models import Cap, Channel, Endpoint, Escalation, EscalationStep, Rule, Spending
from tests.accounts.conftest import acme, alice, bob, browser_of, opened, twilio, vera
from tests.twilio_server import Twilio

__all__ = ["acme", "alice", "bob", "browser_of", "opened", "twilio", "vera"]

BrowserOf = Callable[[User], Client]
NUMBER = "+4915123456789"
Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(acme: Account, browser_of: BrowserOf) -> Call:
    """Asks as somebody."""

    def ask(who: User, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        url = f"/api/v1/alerts/{path}?account={acme.pk}"
        response = getattr(browser_of(who), method)(url, data, content_type="application/json")
        return response.status_code, response.json() if response.content else None

    return ask


@pytest.fixture
def mail(acme: Account, alice: User) -> Contact:
    return Contact.objects.create(
        account=acme, user=alice, medium=Medium.EMAIL, address="on-call@example.org", confirmed=timezone.now()
    )


def test_an_escalation_is_made_read_changed_and_deleted(
    call: Call, acme: Account, bob: User, vera: User, mail: Contact
) -> None:
    steps = [{"after_seconds": 90, "way": f"email:{mail.pk}"}, {"way": f"email:{mail.pk}"}]
    status, made = call(bob, "post", "escalations/", {"name": "Nights", "repeat_minutes": 30, "steps": steps})
    assert status == 201
    assert (made["repeat_minutes"], made["most_repeats"]) == (30, 1)
    to = "on-call@example.org (alice@example.org)"
    assert made["steps"] == [
        {"after_seconds": 0, "way": f"email:{mail.pk}", "to": to},
        {"after_seconds": 90, "way": f"email:{mail.pk}", "to": to},
    ]
    path = f"escalations/{made['id']}/"
    assert call(bob, "get", path) == (200, made)
    assert call(bob, "get", "escalations/") == (200, [made])
    assert [step["to"] for step in call(vera, "get", path)[1]["steps"]] == ["alice@example.org"] * 2
    changed = call(bob, "put", path, {"name": "Days", "steps": steps[:1]})[1]
    assert (changed["name"], changed["repeat_minutes"], len(changed["steps"])) == ("Days", 0, 1)
    rule = Rule.objects.create(
        account=acme, name="R", target_kind="stat", target="a/c/b", condition={}, escalation_id=made["id"]
    )
    status, wrong = call(bob, "delete", path)
    assert (status, list(wrong)) == (400, ["name"])
    rule.delete()
    assert call(bob, "delete", path) == (204, None)
    assert call(bob, "get", path)[0] == 404


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("steps", {"steps": []}),
        ("steps", {"steps": [{"way": "sms:999"}]}),
        ("steps", {"steps": [{"way": "email:1", "after_seconds": -1}]}),
        ("steps", {"steps": 3}),
        ("name", {"name": ""}),
        ("name", {"name": "Taken"}),
        ("repeat_minutes", {"repeat_minutes": 10**9}),
    ],
)
def test_what_is_wrong_with_an_escalation_is_told_by_field(
    call: Call, acme: Account, bob: User, mail: Contact, field: str, wrong: dict[str, Any]
) -> None:
    Escalation.objects.create(account=acme, name="Taken")
    good = {"name": "Nights", "steps": [{"way": f"email:{mail.pk}"}]}
    status, told = call(bob, "post", "escalations/", {**good, **wrong})
    assert (status, list(told)) == (400, [field])
    assert Escalation.objects.count() == 1


def test_an_endpoint_gives_its_secret_once_and_its_url_never(call: Call, acme: Account, bob: User) -> None:
    url = "https://example.org/hook?token=abc"
    status, made = call(bob, "post", "endpoints/", {"kind": "webhook", "name": "Ops", "url": url})
    endpoint = Endpoint.objects.get(account=acme)
    assert (status, made.pop("secret")) == (201, endpoint.secret)
    assert made == {"id": endpoint.pk, "kind": "webhook", "name": "Ops", "host": "example.org"}
    path = f"endpoints/{endpoint.pk}/"
    assert call(bob, "get", path) == (200, made)
    assert call(bob, "get", "endpoints/") == (200, [made])
    changed = call(bob, "put", path, {"name": "Days"})
    assert changed == (200, {**made, "name": "Days"})
    secret = call(bob, "post", f"{path}secret/")[1]["secret"]
    assert secret != endpoint.secret
    endpoint.refresh_from_db()
    assert (secret, url) == (endpoint.secret, endpoint.url)
    assert call(bob, "post", "endpoints/", {"kind": "file", "name": "x", "url": "y"})[0] == 400
    assert "url" in call(bob, "post", "endpoints/", {"kind": "slack", "name": "x", "url": "http://e.org"})[1]
    escalation = Escalation.objects.create(account=acme, name="On call")
    EscalationStep.objects.create(escalation=escalation, position=0, channel=Channel.WEBHOOK, endpoint=endpoint)
    rule = Rule.objects.create(
        account=acme, name="R", target_kind="stat", target="a/c/b", condition={}, escalation=escalation
    )
    assert "R would tell nobody" in str(call(bob, "delete", path))
    rule.delete()
    assert call(bob, "delete", path) == (204, None)


def test_a_way_is_tried_and_the_list_says_what_became_of_it(call: Call, bob: User, mail: Contact) -> None:
    way = f"email:{mail.pk}"
    assert [one["way"] for one in call(bob, "get", "ways/")[1]] == [way]
    assert call(bob, "post", "tests/", {"way": way})[0] == 201
    assert call(bob, "post", "tests/", {"way": "sms:1"})[0] == 400
    (test,) = call(bob, "get", "tests/")[1]
    assert (test["channel"], test["to"], test["state"]) == ("email", "on-call@example.org", "pending")


def test_caps_are_read_and_set(call: Call, acme: Account, alice: User, bob: User) -> None:
    month = timezone.now().date().replace(day=1)
    Spending.objects.create(account=acme, person=bob, month=month, channel=Channel.SMS, count=3)
    whole, own = call(bob, "get", "caps/")[1]
    assert (whole["person"], whole["sms"], whole["most_sms"]) == (None, 3, 500)
    assert (own["person"], own["sms"], own["most_sms"], own["mailed"]) == ("bob@example.org", 3, 100, False)
    assert len(call(alice, "get", "caps/")[1]) == 3
    assert call(alice, "put", f"caps/{own['id']}/", {"sms": 3, "calls": None}) == (204, None)
    assert call(alice, "put", "caps/", {"sms": None, "calls": 0}) == (204, None)
    assert set(Cap.objects.values_list("person", "sms", "calls")) == {(bob.pk, 3, 50), (None, 500, 0)}
    assert call(alice, "put", "caps/", {"sms": None, "calls": None}) == (204, None)
    assert Cap.objects.filter(person=None).count() == 0
    for wrong in ({"sms": -1, "calls": 1}, {"sms": 1}, {"sms": "x", "calls": 1}, {"sms": 10**20, "calls": 1}):
        assert call(alice, "put", "caps/", wrong)[0] == 400
    assert call(alice, "put", "caps/999999999/", {"sms": 1, "calls": 1})[0] == 404


def test_a_contact_is_added_confirmed_and_removed(
    call: Call, vera: User, bob: User, mail: Contact, twilio: Twilio
) -> None:
    status, made = call(vera, "post", "contacts/", {"medium": "phone", "address": NUMBER})
    assert (status, made["person"], made["confirmed"]) == (201, "vera@example.org", None)
    path = f"contacts/{made['id']}/"
    assert call(vera, "post", f"{path}send/", {"way": "email"})[0] == 400
    assert call(vera, "post", f"{path}send/", {"way": "sms"}) == (204, None)
    assert call(vera, "post", f"{path}confirm/", {"code": "abc"})[0] == 400
    assert call(bob, "post", f"{path}confirm/", {"code": twilio.requests[0].code})[0] == 403
    assert call(vera, "post", f"{path}confirm/", {"code": twilio.requests[0].code})[1]["confirmed"]
    assert call(vera, "post", "contacts/", {"medium": "phone", "address": NUMBER})[0] == 400
    assert [one["address"] for one in call(vera, "get", "contacts/")[1]] == [NUMBER]
    assert len(call(bob, "get", "contacts/")[1]) == 2
    assert call(bob, "delete", path)[0] == 403
    assert call(vera, "delete", path) == (204, None)
    assert Membership.objects.filter(user=vera).exists()
    for wrong in (
        {"medium": "fax", "address": NUMBER},
        {"medium": "email", "address": "x"},
        {"medium": "phone", "address": "1"},
    ):
        assert call(vera, "post", "contacts/", wrong)[0] == 400
