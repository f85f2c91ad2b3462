"""From where a key was used last, by each way in: what the owner of the account tells with a flush."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer
from django.test import Client
from pytest_django import Settings

from accounts.keys import make_key
from accounts.models import Account, ApiKey, Scope
from stats import http, runtime
from stats.forwarding import Forwarded
from stats.ingest import accept_forwarded
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.shard import Parts, Shard
from stats.udp import UdpIntake
from tests.stats.commits import body, partial

pytestmark = pytest.mark.django_db(transaction=True)

PEER, CLIENT = "192.0.2.9", "198.51.100.1"
COMMIT = json.dumps(body("api", partial("x", [1]))).encode()


@pytest.fixture
async def shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shard]:
    keys = Keyring()
    await keys.start()
    parts = Parts(tmp_path / "stats", tmp_path / "journal", InMemoryChannelLayer(), False, 100, 0)
    shard = Shard(parts, keys, SelfWatch())
    monkeypatch.setattr(runtime, "keys", keys)
    monkeypatch.setattr(runtime, "shard", shard)
    await shard.start()
    yield shard
    await shard.stop()
    keys.stop()


@pytest.fixture
async def raw(shard: Shard) -> str:
    """A key that sends, of an account that the shard has."""
    raw = await sync_to_async(new_key)()
    await shard.keys.fresh()
    return raw


def new_key() -> str:
    return make_key(Account.objects.create(name="Acme"), "a", Scope.INGEST, None)[1]


async def told(shard: Shard) -> str | None:
    """The one address that the next flush tells of."""
    [(key_id, use)] = shard.keys.table.take_last_uses().items()
    assert key_id == (await ApiKey.objects.aget()).pk
    return use.address


async def by_lane(raw: str, forwarded: str) -> int:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": COMMIT}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"x-forwarded-for", forwarded.encode())]
    scope = {"method": "PUT", "query_string": f"auth={raw}".encode(), "headers": headers, "client": [PEER, 4711]}
    await http.agg(scope, receive, send)
    return int(sent[0]["status"])


@sync_to_async
def by_view(raw: str, forwarded: str) -> int:
    headers = {"Authorization": f"Bearer {raw}", "X-Forwarded-For": forwarded}
    client = Client(REMOTE_ADDR=PEER, headers=headers)
    return client.put("/api/v1/agg/", COMMIT, content_type="application/json").status_code


@pytest.mark.parametrize("send", [by_lane, by_view])
@pytest.mark.parametrize("proxies", [0, 1])
async def test_over_http_it_is_the_client_behind_our_own_proxies(
    shard: Shard, raw: str, settings: Settings, send: Any, proxies: int
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert await send(raw, f"203.0.113.66, {CLIENT}") == 200
    assert await told(shard) == (CLIENT if proxies else PEER)


async def test_over_udp_it_is_the_sender_of_the_last_datagram(shard: Shard, raw: str) -> None:
    intake = UdpIntake(shard.keys, shard.watch)
    for address in (PEER, CLIENT):
        intake.datagram_received(f"{raw}:job:x:1c".encode(), (address, 4711))
    await intake.fold()
    assert await told(shard) == CLIENT


async def test_of_a_commit_that_was_sent_on_it_is_who_sent_it_first(shard: Shard, raw: str) -> None:
    [answer] = await accept_forwarded(shard, [Forwarded(raw, "", COMMIT, CLIENT)])
    assert answer.status == 200
    assert await told(shard) == CLIENT
