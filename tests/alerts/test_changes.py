"""What people do to rules, incidents and silences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import RestrictedError
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from accounts.access import Access
from accounts.models import Account, AuditEntry, Membership, Role, User
from alerts import changes, conditions, incidents, progress
from alerts.changes import ChangeError, RuleDraft, SilenceDraft
from alerts.evaluation import Change
from alerts.live_rules import LiveRule
from alerts.models import Escalation, How, Incident, IncidentState, Rule, Silence
from alerts.rules import TargetState, Transition

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
DRAFT = RuleDraft("Orders", "stat", "api/c/orders", {"kind": "above", "limit": 10})
SILENCE = SilenceDraft(NOW, NOW + timedelta(hours=1), "We update the database", process="api")


@pytest.fixture
def access() -> Access:
    account = Account.objects.create(name="Acme")
    Membership.objects.create(user=User.objects.create(email="alice@example.org"), account=account, role=Role.OWNER)
    return Access(account, Role.OWNER)


@pytest.fixture
def request_of(rf: RequestFactory, access: Access) -> HttpRequest:
    request = rf.post("/")
    request.user = User.objects.get()
    return request


@pytest.fixture
def rule(request_of: HttpRequest, access: Access) -> Rule:
    return changes.make_rule(request_of, access, DRAFT)


def fire(rule: Rule) -> Incident:
    """The rule fires for its target."""
    live = LiveRule(
        rule.pk, rule.name, rule.target_kind, rule.target, conditions.convert(rule.condition), ZoneInfo("UTC")
    )
    transition = Transition(AT, "ok", "firing", 60, value=12, high=10)
    loaded = progress.load(rule.account_id)
    firing = {rule.pk: {rule.target: TargetState("firing", AT, AT, AT)}}
    assert incidents.record(replace(loaded, states=firing), [Change(live, rule.target, transition)], NOW)
    return Incident.objects.latest("pk")


def actions(access: Access) -> list[str]:
    return list(AuditEntry.objects.filter(account=access.account).order_by("pk").values_list("action", flat=True))


def test_a_rule_is_made_changed_and_deleted(request_of: HttpRequest, access: Access, rule: Rule) -> None:
    assert rule.condition == conditions.as_plain(conditions.Above(limit=10))
    changes.change_rule(request_of, rule, replace(DRAFT, name="More orders"), NOW)
    assert changes.rule_of(access, rule.pk).name == "More orders"
    changes.delete_rule(request_of, rule, NOW)
    assert not Rule.objects.exists()
    assert actions(access) == ["rule.made", "rule.changed", "rule.deleted"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "a" * 81}),
        ("target_kind", {"target_kind": "moon"}),
        ("target", {"target": "api/orders"}),
        ("condition.limit", {"condition": {"kind": "above", "limit": "x"}}),
        ("condition.minutes", {"condition": {"kind": "above", "limit": 1, "minutes": 0}}),
        ("condition.kind", {"condition": {"kind": "stopped_responding"}}),
        ("condition.kind", {"target_kind": "process", "target": "api"}),
        ("escalation", {"escalation": 10**9}),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    request_of: HttpRequest, access: Access, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChangeError) as refused:
        changes.make_rule(request_of, access, replace(DRAFT, **wrong))
    assert refused.value.field == field
    assert str(refused.value).endswith(".")
    assert not Rule.objects.exists()


def test_rules_incidents_and_silences_of_others_and_canaries_are_not_found(access: Access, rule: Rule) -> None:
    other = Access(Account.objects.create(name="Other"), Role.OWNER)
    incident = fire(rule)
    with pytest.raises(Http404):
        changes.rule_of(other, rule.pk)
    with pytest.raises(Http404):
        changes.incident_of(other, incident.pk)
    assert changes.incident_of(access, incident.pk) == incident
    Rule.objects.update(canary=True)
    with pytest.raises(Http404):
        changes.rule_of(access, rule.pk)
    with pytest.raises(Http404):
        changes.incident_of(access, incident.pk)


def test_another_limit_leaves_an_incident_open_another_target_ends_it(request_of: HttpRequest, rule: Rule) -> None:
    incident = fire(rule)
    changes.change_rule(request_of, rule, replace(DRAFT, condition={"kind": "above", "limit": 11}), NOW)
    incident.refresh_from_db()
    assert incident.is_open
    changes.change_rule(request_of, rule, replace(DRAFT, target="api/c/sales"), NOW)
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_how) == (IncidentState.RESOLVED, How.RULE)
    assert progress.load(rule.account_id).states == {}


def test_what_a_deleted_rule_had_open_is_over_and_stays_told(request_of: HttpRequest, rule: Rule) -> None:
    incident = fire(rule)
    changes.delete_rule(request_of, rule, NOW)
    incident.refresh_from_db()
    assert (incident.state, incident.rule, incident.rule_name) == (IncidentState.RESOLVED, None, "Orders")
    assert "deleted" in incident.events.last().text  # type: ignore[union-attr]


def test_people_acknowledge_and_resolve(request_of: HttpRequest, access: Access, rule: Rule) -> None:
    incident = fire(rule)
    for until in (NOW, NOW + timedelta(days=31)):
        with pytest.raises(ChangeError):
            changes.acknowledge(request_of, incident, How.PAGE, NOW, until)
    changes.acknowledge(request_of, incident, How.PAGE, NOW, NOW + timedelta(hours=1))
    with pytest.raises(ChangeError):
        changes.acknowledge(request_of, incident, How.PAGE, NOW)
    changes.resolve(request_of, incident, How.PAGE, NOW)
    with pytest.raises(ChangeError):
        changes.resolve(request_of, incident, How.PAGE, NOW)
    assert actions(access) == ["rule.made", "incident.acknowledged", "incident.resolved"]
    assert [event.kind for event in incident.events.all()] == ["opened", "acknowledged", "resolved"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("rule", {"process": ""}),
        ("rule", {"pattern": "api.*"}),
        ("rule", {"process": "", "rule": 10**9}),
        ("process", {"process": "a/b"}),
        ("pattern", {"process": "", "pattern": "a b"}),
        ("reason", {"reason": "  "}),
        ("ends", {"ends": NOW}),
        ("ends", {"ends": NOW + timedelta(days=400)}),
        ("recurrence", {"recurrence": {"zone": "Mars", "days": [1], "start": "10:00", "minutes": 5}}),
    ],
)
def test_a_silence_needs_one_target_an_end_and_a_reason(
    request_of: HttpRequest, access: Access, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChangeError) as refused:
        changes.make_silence(request_of, access, replace(SILENCE, **wrong), NOW)
    assert refused.value.field == field
    assert not Silence.objects.exists()


def test_a_silence_ends_early(request_of: HttpRequest, access: Access) -> None:
    silence = changes.make_silence(request_of, access, SILENCE, NOW)
    changes.end_silence(request_of, silence, NOW + timedelta(minutes=5))
    assert changes.silence_of(access, silence.pk).ends == NOW + timedelta(minutes=5)
    to_come = changes.make_silence(request_of, access, replace(SILENCE, starts=NOW + timedelta(minutes=30)), NOW)
    changes.end_silence(request_of, to_come, NOW)
    assert Silence.objects.count() == 1
    assert actions(access) == ["silence.made", "silence.ended"] * 2


def test_an_escalation_that_rules_use_stays_but_goes_with_its_account(rule: Rule, access: Access) -> None:
    escalation = Escalation.objects.create(account=access.account, name="On call")
    Rule.objects.update(escalation=escalation)
    with pytest.raises(RestrictedError):
        escalation.delete()
    access.account.delete()
    assert not Escalation.objects.exists()


def test_who_has_read_an_older_state_stores_nothing(rule: Rule) -> None:
    first, second = progress.load(rule.account_id), progress.load(rule.account_id)
    assert incidents.record(first, [], NOW)
    live = LiveRule(rule.pk, "R", "stat", rule.target, conditions.convert(rule.condition), ZoneInfo("UTC"))
    fired = Change(live, rule.target, Transition(AT, "ok", "firing", 60, value=12, high=10))
    assert not incidents.record(second, [fired], NOW)
    assert not Incident.objects.exists()
