"""What the owner of a shard does with a message of commits that another process has sent on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer

from accounts.keys import make_key
from accounts.models import Account, Scope
from stats import runtime
from stats.forwarding import PATIENCE, Forwarded
from stats.ingest import accept_forwarded
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.shard import Parts, Shard
from tests.stats.commits import body, partial

pytestmark = pytest.mark.django_db(transaction=True)


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


@sync_to_async
def new_key() -> str:
    """An ingest key of a new account, of which the shard does not know yet."""
    return make_key(Account.objects.create(name="Acme"), "a", Scope.INGEST, None)[1]


def forwarded(key: str) -> Forwarded:
    return Forwarded(key, "", json.dumps(body("api", partial("x", [1]))).encode())


async def test_unknown_keys_share_one_look_at_the_database(shard: Shard) -> None:
    """Whoever has sent them on gives up after `PATIENCE`, and then what was taken would be told to come again."""
    unknown = [f"1_{number:040x}" for number in range(20)]
    new = await new_key()
    async with asyncio.timeout(PATIENCE):
        answers = await accept_forwarded(shard, [forwarded(key) for key in (*unknown, new)])
    assert [answer.status for answer in answers] == [401] * 20 + [200]


async def test_while_the_database_is_away_known_keys_go_on_and_others_come_again(shard: Shard) -> None:
    known = await new_key()
    await shard.keys.fresh()
    shard.keys.stop()  # no look at the database ends any more
    answers = await accept_forwarded(shard, [forwarded(known), forwarded(f"1_{0:040x}")])
    assert [answer.status for answer in answers] == [200, 503]
