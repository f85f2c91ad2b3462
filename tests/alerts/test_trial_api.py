"""A condition tried on the past week over the API."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, Contact, Medium, User
from alerts import trial_on_files
from alerts.backtest import Plan
from alerts.conditions import Above
from alerts.models import Channel, Escalation, EscalationStep
from alerts.trial_on_files import BIN, WEEK, Question, tried
from stats import owned, runtime
from stats.engine_consumer import EngineConsumer
from stats.storage.paths import Stat
from tests.accounts.conftest import acme, alice, bob, browser_of, charlie, opened, vera
from tests.alerts.conftest import Scene
from tests.alerts.test_trial import write

__all__ = ["acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]

BrowserOf = Callable[[User], Client]


def past(account: int, root: Path, minutes: Mapping[int, float]) -> None:
    """Values so many minutes ago."""
    now = int(time.time()) // 60
    write(root, Stat(account, "api", "c", "orders"), {now - ago: value for ago, value in minutes.items()})


@pytest.fixture
def owner(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process has the files of shard 0; returns their root."""
    settings.DATTSS_DATA = tmp_path
    monkeypatch.setattr(runtime, "shard", SimpleNamespace(number=0))
    return tmp_path / "stats"


def trial(browser: Client, account: Account, **fields: Any) -> tuple[int, Any]:
    asked = {"stat": "api/c/orders", "condition": {"kind": "above", "limit": 10}, **fields}
    response = browser.post(f"/api/v1/alerts/trial/?account={account.pk}", asked, content_type="application/json")
    return response.status_code, response.json()


def test_it_says_where_it_would_have_fired_and_what_that_costs(
    alice: User, acme: Account, client: Client, owner: Path, settings: Settings
) -> None:
    settings.ALERT_PRICES = {"sms": 0.08, "phone": 0.15}
    past(acme.pk, owner, dict.fromkeys(range(2000, 2100), 5) | {2050: 70, 2049: 50, 400: 30, 399: 1, 398: 1, 397: 1})
    contact = Contact.objects.create(account=acme, user=alice, medium=Medium.PHONE, address="+15005550006")
    escalation = Escalation.objects.create(account=acme, name="On call")
    EscalationStep.objects.create(escalation=escalation, position=0, channel=Channel.SMS, contact=contact)
    client.force_login(alice)
    status, found = trial(client, acme, escalation=escalation.pk)
    assert status == 200
    assert len(found["alarms"]) == 2
    assert max(value for value in found["high"] if value is not None) == 70
    assert len(found["high"]) == WEEK // BIN
    assert found["messages"] == {"sms": 4}  # each begin, and each end
    assert found["cost"] == pytest.approx(0.32)
    assert found["proposal"] is None
    settings.ALERT_PRICES = {"sms": 0, "phone": 0}
    assert trial(client, acme)[1]["cost"] is None


def test_a_limit_is_proposed(alice: User, acme: Account, client: Client, owner: Path) -> None:
    past(acme.pk, owner, {ago: 5 + ago % 3 for ago in range(1, 3000)} | {1500: 90})
    client.force_login(alice)
    _, found = trial(client, acme, propose=True)
    assert found["proposal"]["condition"]["limit"] >= 7
    assert found["proposal"]["forecast"] > 0


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("stat", {"stat": "../c/orders"}),
        ("condition.limit", {"condition": {"kind": "above", "limit": "x"}}),
        ("condition.kind", {"condition": {"kind": "stopped_responding"}}),
        ("escalation", {"escalation": 7}),
    ],
)
def test_what_cannot_be_tried_is_told_by_field(
    alice: User, acme: Account, client: Client, owner: Path, field: str, wrong: dict[str, Any]
) -> None:
    client.force_login(alice)
    status, told = trial(client, acme, **wrong)
    assert status == 400
    assert list(told) == [field]


def test_of_an_account_one_is_tried_at_a_time(
    alice: User, bob: User, charlie: User, acme: Account, owner: Path, browser_of: BrowserOf
) -> None:
    """A file that is read slowly: a pipe, which a reader opens only together with its writer."""
    past(acme.pk, owner, {30: 12})
    (slow,) = owner.glob(f"{acme.pk}/*/api/c_orders.prt")
    content = slow.read_bytes()
    slow.unlink()
    os.mkfifo(slow)
    stat = Stat(acme.pk, "api", "c", "orders")
    asked = msgspec.to_builtins(Question(stat, Above(limit=10), "UTC", int(time.time()) // 60, Plan([]), False))
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(trial_on_files.answer, owner, asked)
        with slow.open("wb") as pipe:
            response = browser_of(bob).post(
                f"/api/v1/alerts/trial/?account={acme.pk}",
                {"stat": "web/ms/query", "condition": {"kind": "above", "limit": 10}},
                content_type="application/json",
            )
            other = Account.objects.get(memberships__user=charlie)
            assert trial(browser_of(charlie), other)[0] == 200
            slow.unlink()
            pipe.write(content)
        assert first.result()["alarms"]
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    assert response.json()["detail"].startswith("Another trial of this account is under way.")
    assert trial(browser_of(bob), acme)[0] == 200


def test_without_its_owner_nothing_can_be_tried(alice: User, acme: Account, client: Client) -> None:
    client.force_login(alice)
    assert trial(client, acme)[0] == 503


async def test_another_process_is_answered_the_same(scene: Scene, settings: Settings, tmp_path: Path) -> None:
    settings.DATTSS_DATA = tmp_path
    root, account = tmp_path / "stats", scene.account.pk
    past(account, root, {30: 12, 29: 5})
    asked = Question(
        Stat(account, "api", "c", "orders"), Above(limit=10), "UTC", int(time.time()) // 60, Plan([]), False
    )
    message = {"name": trial_on_files.NAME, "question": msgspec.to_builtins(asked), "reply": "asker"}
    await EngineConsumer().engine_question(message)
    async with asyncio.timeout(10):
        answer = await scene.shard.layer.receive("asker")
    direct = msgspec.to_builtins(tried(root, asked))
    assert msgspec.json.decode(answer["text"]) == direct
    assert direct["alarms"]
    here = await asyncio.to_thread(owned.ask_files, scene.account, trial_on_files.NAME, msgspec.to_builtins(asked), 5.0)
    assert here == direct
