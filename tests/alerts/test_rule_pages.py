"""The pages of rules: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEntry, User
from alerts import conditions
from alerts.condition_words import in_words
from alerts.models import Escalation, Incident, Rule
from alerts.rule_form import FIELDS, KINDS
from tests.accounts.conftest import acme, alice, bob, browser_of, charlie, opened, vera
from tests.accounts.pages import read_page

__all__ = ["acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]

BrowserOf = Callable[[User], Client]
FORM = {"name": "Orders", "target_kind": "stat", "target": "api/c/orders", "kind": "above", "limit": "10", "on": "new",
        "side": "both", "enabled": "on"}  # fmt: skip


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/alerts/rules/"


@pytest.fixture
def rule(acme: Account) -> Rule:
    condition = {"kind": "above", "limit": 10.5, "minutes": 2, "of": 5}
    return Rule.objects.create(
        account=acme, name="Orders", target_kind="stat", target="api/c/orders", condition=condition
    )


def test_a_rule_is_made_changed_switched_and_deleted(
    bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(bob)
    escalation = Escalation.objects.create(account=acme, name="On call")
    made = browser.post(f"{page}new/", {**FORM, "minutes": "3", "escalation": str(escalation.pk)})
    assert made.headers["Location"] == page
    rule = Rule.objects.get(account=acme)
    assert (rule.condition["limit"], rule.condition["minutes"]) == (10, 3)
    assert rule.escalation == escalation
    assert "value above 10 for 3 min" in browser.get(page).content.decode()
    one = f"{page}{rule.pk}/"
    assert 'value="10.0"' in browser.get(one).content.decode()
    browser.post(one, {**FORM, "kind": "stopped_working"})
    rule.refresh_from_db()
    assert rule.condition == {"kind": "stopped_working", "minutes": None}
    incident = Incident.objects.create(
        account=acme, number=1, rule=rule, rule_name="Orders", target=rule.target, opened=timezone.now()
    )
    assert "1 open" in browser.get(page).content.decode()
    browser.post(f"{one}switch/")
    rule.refresh_from_db()
    incident.refresh_from_db()
    assert not rule.enabled
    assert not incident.is_open
    assert "Delete Orders?" in browser.get(f"{one}delete/").content.decode()
    browser.post(f"{one}delete/")
    assert not Rule.objects.filter(account=acme).exists()
    done = AuditEntry.objects.filter(account=acme, action__startswith="rule").order_by("pk")
    assert list(done.values_list("action", flat=True)) == [
        "rule.made",
        "rule.changed",
        "rule.changed",
        "rule.deleted",
    ]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"kind": "below", "limit": "3", "until": "4"}, "value below 3 for 1 min"),
        ({"kind": "unlike_typical", "percent": "40"}, "unlike what is usual by 40 % for 5 min"),
        ({"kind": "stopped_working", "minutes": "7"}, "stopped working for 7 min"),
        (
            {"kind": "stopped_responding", "seconds": "45", "target_kind": "process", "target": "worker-*"},
            "silent for 45 s",
        ),
        ({"kind": "errors", "target_kind": "group", "target": "error/*", "minutes": "3"}, "a new group"),
        (
            {"kind": "errors", "on": "rate", "target_kind": "group", "target": "error/*", "minutes": "3", "of": "5"},
            "more than 10/min for 3 of 5 min",
        ),
        ({"target_kind": "pattern", "target": "api.*.errors"}, "value above 10 for 1 min"),
    ],
)
def test_each_kind_takes_its_fields_and_no_others(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, said: dict[str, str], kept: str
) -> None:
    filled = {"seconds": "50", "width": "2"} if "kind" not in said else {}
    response = browser_of(alice).post(f"{page}new/", {**FORM, **filled, **said})
    assert response.status_code == 302, response.content.decode()
    assert in_words(conditions.convert(Rule.objects.get(account=acme).condition)) == kept


def test_the_form_names_a_field_for_each_of_every_condition() -> None:
    assert set(FIELDS) == set(KINDS)
    for kind, fields in FIELDS.items():
        structs = {one.__struct_config__.tag: one for one in conditions.Condition.__args__}
        assert set(fields) == set(structs[kind].__struct_fields__)


def test_what_is_wrong_stands_beside_its_field(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    for wrong, sentence in [
        ({"target": "nonsense"}, "A stat is named by its process"),
        ({"limit": ""}, "limit is missing"),
        ({"limit": "inf"}, "Enter a number"),
        ({"until": "12"}, "The limit of recovery must not be above the limit."),
        ({"measure": "mood"}, "The measure must be"),
        ({"kind": "errors"}, "This kind of condition is for another kind of target."),
        ({"escalation": "77"}, "Select a valid choice"),
        ({"minutes": "9" * 30}, "less than or equal"),
    ]:
        response = browser.post(f"{page}new/", {**FORM, **wrong})
        assert response.status_code == 200
        assert sentence in response.content.decode(), wrong
        assert read_page(response.content).input_named("name")["value"] == "Orders"
    assert not Rule.objects.filter(account__name="Acme").exists()


def test_viewers_look_and_strangers_find_nothing(
    vera: User, charlie: User, page: str, rule: Rule, browser_of: BrowserOf
) -> None:
    browser, one = browser_of(vera), f"{page}{rule.pk}/"
    assert "value above 10.5 for 2 of 5 min" in browser.get(page).content.decode()
    shown = browser.get(one).content.decode()
    assert "<fieldset disabled>" in shown
    assert "Change the rule" not in shown
    assert "Make a rule" not in browser.get(page).content.decode()
    assert browser.get(f"{page}new/").status_code == 403
    assert browser.post(one, FORM).status_code == 403
    assert browser_of(charlie).get(one).status_code == 404


def test_rules_are_found_by_name_and_target(alice: User, page: str, rule: Rule, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert "api/c/orders" in browser.get(page, {"q": "ORD"}).content.decode()
    assert "No rule has “zebra”" in browser.get(page, {"q": "zebra"}).content.decode()


def test_fields_have_labels(alice: User, page: str, browser_of: BrowserOf) -> None:
    shown = read_page(browser_of(alice).get(f"{page}new/?target=api/c/orders").content)
    assert shown.input_named("target")["value"] == "api/c/orders"
    unlabelled = [found for found in shown.visible_inputs() if found.get("id") and found["id"] not in shown.labelled]
    assert unlabelled == []
