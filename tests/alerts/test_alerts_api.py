"""Rules, incidents and silences over the API. Who may is the subject of `tests/accounts/test_access_table.py`."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Membership, Role, User
from alerts.models import Incident, Rule
from alerts.timeline import OPENED, tell

pytestmark = pytest.mark.django_db

RULE = {"name": "Orders", "target_kind": "stat", "target": "api/c/orders", "condition": {"kind": "above", "limit": 10}}


@pytest.fixture
def account() -> Account:
    return Account.objects.create(name="Acme")


@pytest.fixture
def browser(account: Account, client: Client) -> Client:
    alice = User.objects.create_user("alice@example.org")
    Membership.objects.create(user=alice, account=account, role=Role.MEMBER)
    client.force_login(alice)
    return client


def call(browser: Client, method: str, path: str, data: Any = None) -> tuple[int, Any]:
    response = browser.generic(method, f"/api/v1/alerts/{path}", data and _json(data), content_type="application/json")
    return response.status_code, response.json() if response.content else None


def _json(data: Any) -> str:
    return DjangoJSONEncoder().encode(data)


def test_a_rule_is_made_read_changed_and_deleted(browser: Client) -> None:
    status, made = call(browser, "POST", "rules/", RULE)
    assert status == 201
    assert made["condition"]["minutes"] == 1
    path = f"rules/{made['id']}/"
    assert call(browser, "GET", path) == (200, made)
    assert call(browser, "PUT", path, {**RULE, "enabled": False}) == (200, {**made, "enabled": False})
    assert call(browser, "GET", "rules/")[1] == [{**made, "enabled": False}]
    assert call(browser, "DELETE", path) == (204, None)
    assert call(browser, "GET", path)[0] == 404


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("target", {"target": "nonsense"}),
        ("condition.limit", {"condition": {"kind": "above"}}),
        ("condition", {"condition": 3}),
        ("escalation", {"escalation": 7}),
        ("escalation", {"escalation": 2**70}),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_by_field(browser: Client, field: str, wrong: dict[str, Any]) -> None:
    status, told = call(browser, "POST", "rules/", {**RULE, **wrong})
    assert status == 400
    assert any(key.startswith(field) for key in told), told


def test_an_incident_is_acknowledged_and_resolved(browser: Client, account: Account) -> None:
    rule = Rule.objects.create(account=account, **RULE)
    incident = Incident.objects.create(
        account=account, number=1, rule=rule, rule_name="Orders", target="api/c/orders", opened=timezone.now()
    )
    tell(incident, OPENED, "orders 12/min", timezone.now())
    path = f"incidents/{incident.pk}/"
    until = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    status, told = call(browser, "POST", f"{path}acknowledge/", {"until": until})
    assert (status, told["state"]) == (200, "acknowledged")
    assert datetime.fromisoformat(told["acknowledged_until"]) == until
    assert call(browser, "POST", f"{path}acknowledge/", {})[0] == 400
    assert call(browser, "POST", f"{path}resolve/")[1]["state"] == "resolved"
    found = call(browser, "GET", path)[1]
    assert [event["kind"] for event in found["events"]] == ["opened", "acknowledged", "resolved"]
    assert [one["state"] for one in call(browser, "GET", "incidents/")[1]] == ["resolved"]


def test_a_silence_is_made_and_ended(browser: Client) -> None:
    now = timezone.now()
    silence = {"process": "api", "starts": now, "ends": now + timedelta(hours=1), "reason": "We update the database"}
    status, made = call(browser, "POST", "silences/", silence)
    assert status == 201
    assert call(browser, "GET", "silences/")[1] == [made]
    assert call(browser, "DELETE", f"silences/{made['id']}/")[0] == 204
    assert call(browser, "GET", "silences/")[1] == []
    assert call(browser, "POST", "silences/", {**silence, "pattern": "api.*"})[0] == 400
