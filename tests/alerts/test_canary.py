"""The canary: a value of the server that goes the whole way of an alert."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import Settings

from accounts.models import Account
from accounts.system_account import ensure_system_account
from alerts import canary, outbox
from alerts.models import Incident, Notification, Rule
from stats.selfwatch import CANARY, CANARY_MINUTES, SelfWatch
from tests.alerts.conftest import Scene
from tests.stats.commits import partial


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATTSS_DATA = tmp_path


class Heard(HTTPServer):
    """A check outside that expects to be called."""

    calls = 0


@pytest.fixture
def watcher() -> Iterator[Heard]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.calls += 1
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = Heard(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def dattss(scene: Scene) -> Scene:
    """The scene, of account 0, with the canary of server 0."""
    await sync_to_async(ensure_system_account)()
    await sync_to_async(canary.ensure)("dattss", 0)
    await scene.shard.keys.fresh()
    return Scene(scene.parts, scene.shard, scene.clock, await Account.objects.aget(pk=0))


def _send_all() -> None:
    """What Celery's workers do."""
    try:
        for pk in outbox.due(datetime.now(UTC) + timedelta(days=1)):
            Notification.objects.filter(pk=pk).update(due=datetime.now(UTC))
            outbox.send(pk)
    finally:
        connections.close_all()


async def test_a_value_goes_the_whole_way_to_the_file(dattss: Scene, settings: Settings, watcher: Heard) -> None:
    settings.DATTSS_HEARTBEAT_URL = f"http://127.0.0.1:{watcher.server_port}/secret"
    await dattss.minute(partial(CANARY, [1]), process="dattss")
    assert canary.verified(0) is None
    await asyncio.to_thread(_send_all)
    assert canary.verified(0) == pytest.approx(time.time(), abs=30)
    assert watcher.calls == 1
    await dattss.minute(partial(CANARY, [0]), process="dattss")
    await dattss.minute(partial(CANARY, [1]), process="dattss")
    await asyncio.to_thread(_send_all)
    assert watcher.calls == 2
    assert await Notification.objects.acount() == 2


async def test_what_canaries_leave_is_forgotten(dattss: Scene) -> None:
    await dattss.minute(partial(CANARY, [1]), process="dattss")
    await dattss.minute(partial(CANARY, [0]), process="dattss")
    now = datetime.fromtimestamp(dattss.clock.now, UTC)
    assert await sync_to_async(canary.forget_old)(now + canary.KEPT) == 0
    assert await sync_to_async(canary.forget_old)(now + 2 * canary.KEPT)
    assert not await Incident.objects.aexists()


async def test_a_server_is_not_ready_when_the_canary_is_late_but_has_time_at_its_start(dattss: Scene) -> None:
    listening = dattss.shard.listening
    listening.since = time.time() - canary.LATE + 60
    assert canary.problem() == ""
    listening.since = time.time() - canary.LATE - 1
    assert "never" in canary.problem()
    canary.note("shard-0", time.time() - 60)
    assert canary.problem() == ""
    canary.note("shard-0", time.time() - canary.LATE - 60)
    assert "16 min ago" in canary.problem()


@pytest.mark.django_db
def test_each_server_has_one_rule_however_often_it_starts() -> None:
    ensure_system_account()
    for _ in range(2):
        canary.ensure("dattss.shard0", 0)
        canary.ensure("dattss.shard1", 1)
    assert sorted(Rule.objects.values_list("target", flat=True)) == [
        "dattss.shard0/c/canary",
        "dattss.shard1/c/canary",
    ]


class Client:
    def __init__(self) -> None:
        self.told: list[str] = []

    def agg(self, name: str, value: str) -> None:
        self.told.append(f"{name}:{value}")


def test_the_server_counts_in_one_minute_of_five() -> None:
    watch = SelfWatch()
    watch.client = client = Client()
    for minute in range(2 * CANARY_MINUTES):
        watch.canary(minute * 60.0)
    assert client.told == ["canary:1c", *["canary:0c"] * 4] * 2
