"""What the plots of the dashboard show of alerts: limits on their axis, incidents of a day, and news of both."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer
from django.test import Client
from django.utils import timezone

from accounts.keys import make_key
from accounts.models import Account, Membership, Role, Scope, User
from alerts import conditions, incidents
from alerts.marks import plotted_limits
from alerts.models import How, Incident, Rule
from stats.channel import channel_layer
from stats.publisher import group_of
from tests.alerts.conftest import Scene, make_rule
from tests.stats.commits import partial

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ABOVE = {"kind": "above", "limit": 10}
MARKS_OF_ORDERS = "/api/v1/alerts/marks/?stat=api/c/orders&begin=2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("kind", "condition", "limits"),
    [
        ("c", {"kind": "above", "limit": 10}, (10, 10)),
        ("c", {"kind": "below", "limit": 10, "measure": "sum", "until": 12}, (10, 12)),
        ("c", {"kind": "above", "limit": 2, "measure": "rate", "until": 1}, (120, 60)),
        ("c", {"kind": "above", "limit": 2, "measure": "average"}, None),
        ("c", {"kind": "above", "limit": 2, "measure": "p99"}, None),
        ("ms", {"kind": "above", "limit": 500, "measure": "p99", "until": 400}, (500, 400)),
        ("ms", {"kind": "above", "limit": 500}, (500, 500)),
        ("ms", {"kind": "above", "limit": 500, "measure": "rate"}, None),
        ("g", {"kind": "below", "limit": 5, "measure": "min"}, (5, 5)),
        ("g", {"kind": "below", "limit": 5, "measure": "sum"}, None),
        ("c", {"kind": "stopped_working", "minutes": 5}, None),
        ("g", {"kind": "unlike_typical"}, None),
    ],
)
def test_a_limit_is_drawn_where_the_plot_has_what_it_is_on(kind: Any, condition: Any, limits: Any) -> None:
    assert plotted_limits(kind, conditions.convert(condition)) == limits


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="Acme")


@pytest.fixture
def browser(account: Account, client: Client) -> Client:
    vera = User.objects.create_user("vera@example.org")
    Membership.objects.create(user=vera, account=account, role=Role.VIEWER)
    client.force_login(vera)
    return client


def marks(browser: Client, **asked: str) -> tuple[int, Any]:
    query = {"stat": "api/c/orders", "begin": NOON.isoformat(), "end": (NOON + timedelta(hours=1)).isoformat(), **asked}
    response = browser.get("/api/v1/alerts/marks/", query)
    return response.status_code, response.json()


def rule(account: Account, name: str, kind: str, target: str, condition: dict[str, Any] = ABOVE, **fields: Any) -> Rule:
    return Rule.objects.create(
        account=account, name=name, target_kind=kind, target=target, condition=condition, **fields
    )


def incident(account: Account, number: int, target: str, begin: int, end: int | None = None, **fields: Any) -> None:
    """Open from so many minutes after noon on."""
    resolved = None if end is None else NOON + timedelta(minutes=end)
    Incident.objects.create(
        account=account,
        number=number,
        rule_name="Orders",
        target=target,
        opened=NOON + timedelta(minutes=begin),
        resolved_at=resolved,
        state="firing" if end is None else "resolved",
        sentence=f"sentence {number}",
        **fields,
    )


def test_the_rules_that_watch_a_stat_by_whatever_target(account: Account, browser: Client) -> None:
    rule(account, "a stat", "stat", "api/c/orders", {"kind": "above", "limit": 2, "measure": "rate", "until": 1})
    rule(account, "a pattern", "pattern", "a*.ord*", {"kind": "stopped_working", "minutes": 5})
    rule(account, "its process", "process", "api", {"kind": "stopped_responding"})
    rule(account, "another stat", "stat", "api/ms/orders")
    rule(account, "another process", "process", "api2", {"kind": "stopped_responding"})
    rule(account, "turned off", "stat", "api/c/orders", enabled=False)
    rule(Account.objects.create(name="Other"), "of others", "stat", "api/c/orders")
    status, found = marks(browser)
    assert status == 200
    assert [one["name"] for one in found["rules"]] == ["a pattern", "a stat", "its process"]
    on_stat = found["rules"][1]
    assert (on_stat["limit"], on_stat["until"], on_stat["side"], on_stat["measure"]) == (120, 60, "above", "rate")
    assert [one["limit"] for one in found["rules"]] == [None, 120, None]
    assert on_stat["words"].startswith("rate above 2")


def test_the_incidents_of_a_stat_and_its_process_in_that_time(account: Account, browser: Client) -> None:
    incident(account, 1, "api/c/orders", -60, -1)  # over before
    incident(account, 2, "api/c/orders", -60, 1)
    incident(account, 3, "api", 10, 20)
    incident(account, 4, "api/c/other", 10)
    incident(account, 5, "api/c/orders", 30)
    incident(account, 6, "api/c/orders", 61)  # began later
    incident(Account.objects.create(name="Other"), 7, "api/c/orders", 30)
    canary = rule(account, "canary", "stat", "api/c/orders", canary=True)
    incident(account, 8, "api/c/orders", 30, rule=canary)
    status, found = marks(browser)
    assert status == 200
    assert [one["number"] for one in found["incidents"]] == [5, 3, 2]
    assert found["rules"] == []
    newest = found["incidents"][0]
    assert (newest["state"], newest["sentence"], newest["resolved"]) == ("firing", "sentence 5", None)
    assert newest["opened"] == NOON.timestamp() + 1800


def test_the_count_is_of_what_nobody_has_acknowledged(account: Account, browser: Client) -> None:
    for number in range(1, 4):
        incident(account, number, "api/c/orders", number, None if number < 3 else 9)
    incident(account, 4, "api", 1, rule=rule(account, "canary", "process", "api", canary=True))
    incident(Account.objects.create(name="Other"), 5, "api/c/orders", 1)
    Incident.objects.filter(account=account, number=2).update(state="acknowledged")
    assert browser.get("/api/v1/alerts/firing/").json() == {"firing": 1}


@pytest.mark.parametrize("path", ["/api/v1/alerts/firing/", MARKS_OF_ORDERS])
def test_read_keys_see_it_and_strangers_find_nothing(account: Account, client: Client, path: str) -> None:
    read, sends = (make_key(account, "Servers", scope, None)[1] for scope in (Scope.READ, Scope.INGEST))
    asked = f"{path}{'&' if '?' in path else '?'}account={account.pk}"

    def status(**headers: str) -> int:
        return client.get(asked, headers=headers).status_code

    assert status() == 401
    assert status(authorization=f"Bearer {read}") == 200
    assert status(authorization=f"Bearer {sends}") == 403
    client.force_login(User.objects.create_user("charlie@example.org"))
    assert status() == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"stat": "nonsense"}, "stat"),
        ({"begin": "noon"}, "begin"),
        ({"end": "x"}, "end"),
        ({"stat": "a\0/c/b"}, "stat"),
    ],
)
def test_what_makes_no_sense_is_said_of_its_field(browser: Client, wrong: dict[str, str], field: str) -> None:
    status, answer = marks(browser, **wrong)
    assert status == 400
    assert list(answer) == [field]


class Page:
    """What an open page of an account hears."""

    def __init__(self, layer: BaseChannelLayer, channel: str) -> None:
        self._layer = layer
        self._channel = channel

    async def alert(self) -> dict[str, Any]:
        """The next message about alerts."""
        async with asyncio.timeout(10):
            while True:
                heard = await self._layer.receive(self._channel)
                if heard["type"] == "live.aside":
                    return dict(json.loads(heard["text"]))


@pytest.fixture
async def page(scene: Scene) -> AsyncIterator[Page]:
    layer = channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group_of(scene.account.pk), channel)
    yield Page(layer, channel)
    await layer.group_discard(group_of(scene.account.pk), channel)


async def test_open_pages_are_told_of_the_whole_life_of_an_incident(scene: Scene, page: Page) -> None:
    await make_rule(scene.account, {**ABOVE, "recovery_minutes": 1})
    await scene.minute(partial("orders", [50]))
    began = await page.alert()
    assert (began["type"], began["firing"], began["more"]) == ("alert", 1, False)
    [told] = began["alerts"]
    assert (told["target"], told["state"], told["resolved"]) == ("api/c/orders", "firing", None)
    assert "orders" in told["sentence"]
    found = await Incident.objects.aget()
    await sync_to_async(incidents.acknowledge)(found, How.API, None, timezone.now())
    taken = await page.alert()
    assert (taken["firing"], taken["alerts"][0]["state"]) == (0, "acknowledged")
    await scene.minute(partial("orders", [1]))
    over = await page.alert()
    assert (over["alerts"][0]["number"], over["alerts"][0]["state"]) == (told["number"], "resolved")


async def test_of_a_storm_the_newest_are_told_in_one_message(scene: Scene, page: Page) -> None:
    await make_rule(scene.account, ABOVE, "api.*", target_kind="pattern")
    await scene.minute(*(partial(f"orders{number}", [50]) for number in range(25)))
    told = await page.alert()
    assert (told["firing"], told["more"], len(told["alerts"])) == (25, True, 20)
