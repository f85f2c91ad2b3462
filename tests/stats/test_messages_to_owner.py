"""What the owner of a shard does with messages: commits that another process has sent on, and questions."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.keys import make_key
from accounts.models import Account, Scope
from accounts.routing import begin_move
from stats.engine_consumer import EngineConsumer
from stats.forwarding import PATIENCE, Forwarded
from stats.ingest import accept_forwarded
from stats.shard import Shard
from tests.stats.commits import body, partial
from tests.stats.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)


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


async def asked(shard: Shard, message: dict[str, Any]) -> dict[str, Any]:
    """The owner's answer to a message."""
    consumer = EngineConsumer()
    await getattr(consumer, message["type"].replace(".", "_"))({**message, "reply": "asker"})
    async with asyncio.timeout(5):
        answer: dict[str, Any] = await shard.layer.receive("asker")
        return answer


async def test_an_account_is_let_go_of_whatever_files_of_others_cannot_be_written(
    shard: Shard, clock: Clock, tmp_path: Path
) -> None:
    ready, stuck = await new_key(), await new_key()
    accounts = [int(key.split("_")[0]) for key in (ready, stuck)]
    await shard.keys.fresh()
    in_the_way = tmp_path / "stats" / str(accounts[1])
    in_the_way.parent.mkdir()
    in_the_way.write_text("a file where a folder should be")
    await accept_forwarded(shard, [forwarded(stuck)])
    clock.now += 60
    await shard.flush()
    assert shard.unwritable
    await accept_forwarded(shard, [forwarded(ready)])
    for account in accounts:
        await sync_to_async(begin_move)(account, 1)
    release = {"type": "engine.release", "account": accounts[0]}
    answers = [await asked(shard, release)]
    clock.now += 60
    answers.append(await asked(shard, release))
    assert [(answer["ok"], answer["done"]) for answer in answers] == [(True, False), (True, True)]
    refused = await asked(shard, {"type": "engine.release", "account": accounts[1]})
    assert (refused["ok"], f"account {accounts[1]} cannot be written" in refused["error"]) == (False, True)


async def test_an_error_that_nobody_foresaw_is_answered(shard: Shard, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "dattss.engine"):
        answer = await asked(shard, {"type": "engine.files", "deed": "read", "account": 1, "wanted": None})
    assert (answer["ok"], "TypeError" in answer["error"]) == (False, True)
    assert caplog.records
