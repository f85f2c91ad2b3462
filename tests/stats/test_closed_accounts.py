"""What becomes of a closed account's values: let go of, kept for the grace, then removed, whoever is killed."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing as ended
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from celery import Celery
from django.utils import timezone

from accounts.closing import GRACE, MARGIN
from accounts.models import Account
from accounts.routing import set_closed
from stats.aggregation import live
from stats.ingest import accept_forwarded
from stats.past_days import tend
from stats.shard import Shard
from tests import redis_server
from tests.fleet import Fleet
from tests.server import ROOT, Keys, Server, wait_for
from tests.stats.commits import body, partial
from tests.stats.conftest import Clock
from tests.stats.test_messages_to_owner import asked, forwarded, new_key

pytestmark = pytest.mark.django_db(transaction=True)


@sync_to_async
def mark_closed(key: str, *, closed: bool = True) -> int:
    """Closes the account of a key, or opens it again; returns its number."""
    account = Account.objects.get(pk=int(key.partition("_")[0]))
    set_closed(account, timezone.now() if closed else None)
    return account.pk


def erase(account: int) -> dict[str, Any]:
    return {"type": "engine.erase", "account": account}


async def total(shard: Shard, account: int) -> float:
    """Of the counter `x`, as it stands in memory."""
    [state] = live.states(shard.registry.account(account), 0)
    return float(state["stats"]["c"]["x"]["total"])


# --- the owner of the shard -------------------------------------------------------------------------------------------
async def test_its_minute_comes_into_files_before_anything_goes(shard: Shard, clock: Clock, tmp_path: Path) -> None:
    key, other = await new_key(), await new_key()
    await accept_forwarded(shard, [forwarded(key), forwarded(other)])
    account = await mark_closed(key)
    folder, neighbour = tmp_path / "stats" / str(account), tmp_path / "stats" / other.partition("_")[0]
    assert (await asked(shard, erase(account)))["done"] is False
    clock.now += 60
    await shard.flush()
    assert len(list(folder.rglob("*.prt"))) == 1
    assert account not in shard.held
    assert await asked(shard, erase(account)) == {"type": "engine.reply", "ok": True, "done": True}
    assert not folder.exists()
    assert (await asked(shard, erase(account)))["done"] is True  # once more
    for _ in range(2):
        clock.now += 60
        await shard.flush()
    assert not folder.exists()
    assert len(list(neighbour.rglob("*.prt"))) == 1
    assert shard.registry.stat_count == 1


async def test_it_is_erased_in_the_first_minute_after_a_start_too(shard: Shard, clock: Clock, tmp_path: Path) -> None:
    """What was read from the files is forgotten, and no minute that ends later brings it back."""
    key = await new_key()
    await accept_forwarded(shard, [forwarded(key)])
    clock.now += 60
    await shard.flush()
    account = await mark_closed(key)
    assert account in shard.held
    assert (await asked(shard, erase(account)))["done"] is True
    clock.now += 60
    await shard.flush()
    assert not (tmp_path / "stats" / str(account)).exists()


async def test_an_open_account_is_not_erased(shard: Shard, clock: Clock, tmp_path: Path) -> None:
    key = await new_key()
    await accept_forwarded(shard, [forwarded(key)])
    clock.now += 60
    await shard.flush()
    account = await mark_closed(key)
    await mark_closed(key, closed=False)
    answer = await asked(shard, erase(account))
    assert (answer["ok"], answer["error"]) == (False, f"account {account} is not closed")
    assert (await asked(shard, erase(10**6)))["ok"] is False
    assert len(list((tmp_path / "stats" / str(account)).rglob("*.prt"))) == 1


async def test_what_could_not_be_written_is_given_up(shard: Shard, clock: Clock, tmp_path: Path) -> None:
    key = await new_key()
    account = int(key.partition("_")[0])
    await shard.keys.fresh()
    in_the_way = tmp_path / "stats" / str(account)
    in_the_way.parent.mkdir()
    in_the_way.write_text("a file where a folder should be")
    await accept_forwarded(shard, [forwarded(key)])
    clock.now += 60
    await shard.flush()
    assert shard.unwritable
    assert shard.keeps(account)
    await mark_closed(key)
    assert (await asked(shard, erase(account)))["done"] is True
    assert not in_the_way.exists()
    clock.now += 60
    await shard.flush()
    assert not in_the_way.exists()
    assert not shard.keeps(account)


@pytest.mark.parametrize("let_go_of", [False, True])
async def test_opened_again_it_goes_on_where_it_was(shard: Shard, clock: Clock, let_go_of: bool) -> None:
    key = await new_key()
    first = forwarded(key)._replace(body=json.dumps(body("api", partial("x", [5]), iid="a", seq=1)).encode())
    second = forwarded(key)._replace(body=json.dumps(body("api", partial("x", [2]), iid="a", seq=2)).encode())
    await accept_forwarded(shard, [first])
    account = await mark_closed(key)
    await shard.keys.fresh()
    assert [one.status for one in await accept_forwarded(shard, [second])] == [401]
    if let_go_of:
        clock.now += 60
        await shard.flush()
    assert (account in shard.held) is not let_go_of
    await mark_closed(key, closed=False)
    await shard.keys.fresh()
    answers = await accept_forwarded(shard, [first, second])
    assert [(one.status, "dup" in str(one.body)) for one in answers] == [(200, True), (200, False)]
    assert await total(shard, account) == 7


async def test_its_past_days_wait_for_it(db: None, tmp_path: Path) -> None:
    account = await Account.objects.acreate(name="Acme", closed=timezone.now(), retention_days=9)
    day = tmp_path / str(account.pk) / "2025-W01_1" / "api"
    day.mkdir(parents=True)
    (day / "c_x.prt").write_text("10:00,1,1,1,1,1,1,1,1\n")
    await sync_to_async(tend)(tmp_path)
    assert day.exists()


# --- kill -9 ----------------------------------------------------------------------------------------------------------
def test_a_kill_at_any_step_leaves_a_whole_account_or_none(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.stats.kill_erasing", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["kills"] >= 10


# --- the server -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of our own."""
    yield from redis_server.running(tmp_path_factory.mktemp("redis"))


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Meanwhile the database can be read and not written."""
    with ended(sqlite3.connect(server.data / "dattss.sqlite3", isolation_level=None, timeout=20)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def query(server: Server, statement: str, *values: object) -> list[Any]:
    with ended(sqlite3.connect(server.data / "dattss.sqlite3", timeout=20)) as database, database:
        return database.execute(statement, values).fetchall()


def test_celery_erases_it_after_the_grace_though_the_server_is_killed(
    redis_url: str, new_server: Callable[..., Server]
) -> None:
    server = new_server(REDIS_URL=redis_url)
    gone, kept, late = (server.new_account(f"{name}@example.org") for name in ("alice", "bob", "charlie"))
    for keys in (gone, kept, late):
        assert server.commit(keys.key, body("api", partial("x", [1]))).status == 200
    server.stop()  # writes it all to files
    folders = {keys.account: server.data / "stats" / str(keys.account) for keys in (gone, kept, late)}
    assert all(folder.is_dir() for folder in folders.values())
    now = timezone.now()
    close = "UPDATE accounts_account SET closed = ?, moves = moves + 1 WHERE id = ?"
    query(server, close, str((now - GRACE - MARGIN).replace(tzinfo=None)), gone.account)
    query(server, close, str((now - GRACE + timedelta(hours=1)).replace(tzinfo=None)), late.account)
    server.start()
    with Celery(broker=redis_url) as client:
        with locked(server):  # the rows cannot go yet
            client.send_task("stats.erase_closed", args=(0,), queue="shard-0")
            wait_for(lambda: not folders[gone.account].exists(), 20, "the files to go")
            server.kill()
            assert gone.account in _accounts(server)
        server.start()
        client.send_task("stats.erase_closed", args=(0,), queue="shard-0")
        wait_for(lambda: _accounts(server) == {0, kept.account, late.account}, 20, "the rows to go")
    assert not folders[gone.account].exists()
    assert folders[kept.account].is_dir()
    assert folders[late.account].is_dir()
    assert server.commit(kept.key, body("api", partial("x", [1]))).status == 200
    assert server.commit(gone.key, body("api", partial("x", [1]))).status == 401
    assert _total(server, kept) == 2


def test_every_data_server_erases_its_copy(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, 2).start()
    try:
        keys = fleet.account_on(1)
        copies = [server.data / "stats" / str(keys.account) for server in fleet.shards]
        for copy in copies:  # that of shard 0 was left by a move
            (copy / "current").mkdir(parents=True, exist_ok=True)
        with ended(sqlite3.connect(tmp_path / "common.sqlite3", timeout=20)) as database, database:
            at = str((timezone.now() - GRACE - MARGIN).replace(tzinfo=None))
            database.execute(
                "UPDATE accounts_account SET closed = ?, moves = moves + 1 WHERE id = ?", (at, keys.account)
            )
        with Celery(broker=fleet.shards[1].environment["REDIS_URL"]) as client:
            client.send_task("stats.erase_closed", args=(0,), queue="shard-0")  # not his
            client.send_task("stats.erase_closed", args=(1,), queue="shard-1")
        wait_for(lambda: not any(copy.exists() for copy in copies), 20, "all copies to go")
        wait_for(lambda: _is_gone(tmp_path / "common.sqlite3", keys.account), 10, "the rows to go")
    finally:
        fleet.end()


def _is_gone(path: Path, account: int) -> bool:
    with ended(sqlite3.connect(path, timeout=20)) as database:
        return not database.execute("SELECT 1 FROM accounts_account WHERE id = ?", (account,)).fetchall()


def _accounts(server: Server) -> set[int]:
    return {row[0] for row in query(server, "SELECT id FROM accounts_account")}


def _total(server: Server, keys: Keys) -> Any:
    bearer = {"Authorization": f"Bearer {keys.read_key}"}
    [process] = server.request("GET", "/api/v1/current/", None, **bearer).json["processes"]
    return process["stats"]["c"]["x"]["total"]
