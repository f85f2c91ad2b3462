"""Values over UDP: what becomes of them between the socket and the commit."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator

import pytest
from channels.layers import InMemoryChannelLayer
from pytest_django import Settings

from accounts.keys import make_key
from accounts.keytable import KeyTable
from accounts.models import Account, Scope
from stats import runtime, udp
from stats.engine_channel import engine_channel
from stats.forwarding import Forwarder
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.udp import UdpIntake
from tests.server import Keys, Server, free_port, wait_for

_MAKE_KEY = "from accounts.keys import make_key; from accounts.models import Account; "


def another_key(server: Server, keys: Keys) -> str:
    """One more ingest key of the account."""
    make = f"print(make_key(Account.objects.get(pk={keys.account}), 'two', '{Scope.INGEST}', None)[1])"
    return server.manage("shell", "--no-imports", "-c", _MAKE_KEY + make).stdout.strip()


def total(server: Server, keys: Keys) -> float:
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    return sum(float(state["stats"]["c"]["sent"]["total"]) for state in reply.json["processes"])


def test_two_keys_of_an_account_do_not_take_each_other_for_repeats(server: Server, keys: Keys) -> None:
    lines = [f"{key}:job:sent:2c" for key in (keys.key, another_key(server, keys))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto("\n".join(lines).encode(), ("127.0.0.1", server.udp_port))
    wait_for(lambda: total(server, keys) == 4, 15, "the values of both keys")


# --- an intake by itself, whose account belongs to another shard ------------------------------------------------------


@pytest.fixture
def key(settings: Settings, db: None) -> str:
    """Of an account of shard 1."""
    settings.DATTSS_SHARDS = 2
    return make_key(Account.objects.create(name="Acme", shard=1), "a", Scope.INGEST, None)[1]


@pytest.fixture
def keys_of_it(key: str) -> Keyring:
    table = KeyTable()
    table.load()
    return Keyring(table)


@pytest.fixture
async def layer(keys_of_it: Keyring, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[InMemoryChannelLayer]:
    """What the intake sends to shard 1 goes through."""
    layer = InMemoryChannelLayer()
    forwarder = Forwarder(layer)
    await forwarder.start()
    monkeypatch.setattr(runtime, "keys", keys_of_it)
    monkeypatch.setattr(runtime, "forwarder", forwarder)
    yield layer
    forwarder.stop()


async def test_commits_that_are_on_their_way_when_it_closes_are_not_lost(
    key: str, keys_of_it: Keyring, layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "SLOT_SECONDS", 0.05)
    port = free_port(socket.SOCK_DGRAM)
    intake = await UdpIntake.open("127.0.0.1", port, keys_of_it, SelfWatch())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(f"{key}:job:sent:2c".encode(), ("127.0.0.1", port))

    async def next_message() -> dict[str, object]:
        async with asyncio.timeout(10):
            message: dict[str, object] = await layer.receive(engine_channel(1))
            return message

    async def answer(message: dict[str, object], status: int) -> None:
        reply = {"type": "engine.reply", "id": message["id"], "answers": [(status, {}, None)]}
        await layer.send(str(message["reply"]), reply)

    on_its_way = await next_message()
    closed = asyncio.create_task(intake.close())
    await asyncio.create_task(answer(on_its_way, 503))  # begun after it: closing waits for what is on its way
    again = await next_message()
    await answer(again, 200)
    await closed
    first, second = (json.loads(message["commits"][0][2]) for message in (on_its_way, again))  # type: ignore[index]
    assert {**first, "age": 0} == {**second, "age": 0}


@pytest.mark.parametrize("most", ["_MOST_PENDING", "_MOST_KEPT"])
async def test_many_names_make_no_more_commits_than_can_be_kept(
    key: str, keys_of_it: Keyring, most: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(udp, most, 3)
    intake = UdpIntake(keys_of_it, SelfWatch())
    for number in range(50):
        intake.datagram_received(f"{key}:p{number}:sent:1c".encode(), ("192.0.2.1", 9))
    assert intake.bad == 47
    with caplog.at_level(logging.ERROR, "dattss.udp"):
        await intake.close()
    assert [record.getMessage() for record in caplog.records] == [
        "3 commits from UDP are kept until they can be taken."
    ]
