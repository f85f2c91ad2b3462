"""What several test files of the alerts share: a shard in this process that is asked as always, and its clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import ChannelNameRouter, ProtocolTypeRouter
from channels.worker import Worker
from django.db import connections

from accounts.keytable import KeyEntry
from accounts.models import Account, Contact, Medium, User
from alerts import rounds
from alerts.models import Channel, Escalation, EscalationStep, Rule
from stats import runtime
from stats.aggregation.commit import decode
from stats.channel import channel_layer
from stats.engine_channel import engine_channel
from stats.engine_consumer import EngineConsumer
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.shard import Parts, Shard
from tests.stats.commits import body
from tests.stats.conftest import Clock


class Scene:
    """An account on a shard in this process, and programs that send to it. Times are those of `clock`."""

    def __init__(self, parts: Parts, shard: Shard, clock: Clock, account: Account) -> None:
        self.parts = parts
        self.shard = shard
        self.clock = clock
        self.account = account
        self._key = KeyEntry(1, account.pk, "ingest", 0)

    def commit(self, *partials: dict[str, Any], process: str = "api", **fields: Any) -> None:
        """A commit, now."""
        raw = json.dumps(body(process, *partials, **fields)).encode()
        self.shard.take(self._key, decode(raw), raw, None)

    async def pass_seconds(self, seconds: int) -> None:
        """The clock goes on, as clocks do."""
        for _ in range(seconds):
            self.clock.now += 1
            self.shard.listening.note(self.clock.now, self.clock.now)

    async def minute(self, *partials: dict[str, Any], process: str = "api", **fields: Any) -> None:
        """A minute in which a process commits this, its flush and its evaluation."""
        await self.pass_seconds(5)
        self.commit(*partials, process=process, **{"upt": 1000, **fields})
        await self.pass_seconds(50)
        self.commit(process=process, upt=1050)
        await self.end_minute()

    async def end_minute(self) -> None:
        """The rest of a minute, its flush and its evaluation."""
        await self.pass_seconds(60 - int(self.clock.now) % 60)
        await self.shard.flush()
        await self.evaluate()

    async def evaluate(self) -> None:
        await asyncio.to_thread(self._as_celery, rounds.minute_round)

    async def restart(self) -> None:
        """The server stops, all of it in files, and another begins."""
        await self.shard.stop()
        parts, keys = self.parts, self.shard.keys
        self.shard = runtime.shard = Shard(parts, keys, SelfWatch(), self.clock, self.clock)
        await self.shard.start()

    async def look(self) -> None:
        await asyncio.to_thread(self._as_celery, rounds.look_round)

    def _as_celery(self, round_of_shard: Callable[[int, rounds.Clock], None]) -> None:
        """In a thread of its own: that of the tests has to be free for what the engine asks the database."""
        try:
            round_of_shard(0, self.clock)
        finally:
            connections.close_all()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def scene(
    transactional_db: None, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """Shard 0 in this process, reached over the channel layer."""
    layer = channel_layer()
    keys = Keyring()
    account = await Account.objects.acreate(name="Acme")
    await keys.start()
    parts = Parts(tmp_path / "stats", tmp_path / "journal", layer, False, 20_000, 0)
    shard = Shard(parts, keys, SelfWatch(), clock, clock)
    for name, value in {"keys": keys, "shard": shard, "loop": asyncio.get_running_loop()}.items():
        monkeypatch.setattr(runtime, name, value)
    router = ProtocolTypeRouter({"channel": ChannelNameRouter({engine_channel(0): EngineConsumer.as_asgi()})})
    worker = asyncio.create_task(Worker(router, [engine_channel(0)], layer).arun())
    await shard.start()
    scene = Scene(parts, shard, clock, account)
    yield scene
    worker.cancel()
    await scene.shard.stop()
    keys.stop()


@sync_to_async
def make_rule(account: Account, condition: dict[str, Any], target: str = "api/c/orders", **fields: Any) -> Rule:
    """A rule of the account, on a stat if no `target_kind` says else."""
    return Rule.objects.create(
        account=account,
        **{"name": "Orders", "target_kind": "stat", "target": target, "condition": condition, **fields},
    )


@sync_to_async
def make_escalation(account: Account, *steps: tuple[int, Channel], **fields: Any) -> Escalation:
    """An escalation to one person, with steps after so many seconds."""
    person, _ = User.objects.get_or_create(email="alice@example.org")
    escalation = Escalation.objects.create(account=account, name="On call", **fields)
    for position, (after, channel) in enumerate(steps):
        medium = Medium.EMAIL if channel == Channel.EMAIL else Medium.PHONE
        address = "alice@example.org" if medium == Medium.EMAIL else "+15005550006"
        contact, _ = Contact.objects.get_or_create(account=account, user=person, medium=medium, address=address)
        EscalationStep.objects.create(
            escalation=escalation, position=position, after_seconds=after, channel=channel, contact=contact
        )
    return escalation
