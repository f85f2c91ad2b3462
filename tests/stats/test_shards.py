"""One command, one machine, a process for each shard."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytest_django import Settings

from accounts.keys import make_key
from accounts.keytable import KeyTable
from accounts.models import Account, Scope, User
from accounts.opening import open_account
from accounts.routing import MoveError, begin_move, finish_move
from tests import redis_server
from tests.server import Reply, Server, free_port, wait_for
from tests.stats.commits import body, partial


def two_free_ports() -> int:
    """The first of two neighbouring free ports."""
    while True:
        first = free_port(socket.SOCK_STREAM)
        with socket.socket() as second:
            if first < 65535 and second.connect_ex(("127.0.0.1", first + 1)):
                return first


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`manage.py up` with two shards."""
    redis = redis_server.running(tmp_path)
    server = Server(tmp_path / "data", REDIS_URL=next(redis), DATTSS_SHARDS="2")
    server.port = two_free_ports()
    server.url = f"http://127.0.0.1:{server.port}"
    server.environment["PORT"] = str(server.port)
    server.start()
    yield server
    server.kill()
    server.dismiss_clerk()
    next(redis, None)


def second(server: Server) -> Server:
    """The data server of shard 1, for requests only."""
    other = Server(server.data)
    other.port, other.url = server.port + 1, f"http://127.0.0.1:{server.port + 1}"
    return other


def answers(ask: Callable[[], Reply]) -> bool:
    try:
        return ask().status == 200
    except OSError:
        return False


def running(server: Server, part: str) -> list[psutil.Process]:
    """The processes below the server whose command has `part` in it; none stands twice, as a worker and its pool do."""
    children = psutil.Process(server.pid).children(recursive=True)
    found = {" ".join(child.cmdline()): child for child in reversed(children) if child.is_running()}
    return [child for line, child in found.items() if part in line]


def test_one_command_runs_and_revives_all_shards_and_stops_them_cleanly(server: Server) -> None:
    other = second(server)
    wait_for(lambda: answers(lambda: other.request("GET", "/healthz")), 40, "the second shard")
    assert [one.request("GET", "/healthz").json["shard"] for one in (server, other)] == [0, 1]
    accounts = [server.new_account(f"{name}@example.org") for name in ("alice", "bob")]
    for keys in accounts:
        for one in (server, other):
            assert one.commit(keys.key, body("api", partial("x", [1]))).json == {"ok": True}

    parts = ("--queues=shard-0,", "--queues=shard-1,", " beat ", "dattss.host", "up --no-agent")
    wait_for(lambda: all(running(server, part) for part in parts), 20, "all parts of both shards")
    for part in (" beat ", "dattss.host"):
        assert len(running(server, part)) == 1

    [second_server] = running(server, "up --no-agent")
    second_server.kill()
    again = body("api", partial("x", [2]), iid="a", seq=1)
    for keys in accounts:
        wait_for(lambda keys=keys: answers(lambda: server.commit(keys.key, again)), 40, "both shards")  # type: ignore[misc]
    children = running(server, "")
    assert server.stop() == 0
    for keys in accounts:
        assert sum(float(line[1]) for line in server.lines(keys.account, "api", "c", "x")) == 4
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_without_redis_more_shards_are_refused_in_one_line(tmp_path: Path) -> None:
    for settings in ({"DATTSS_SHARDS": "2"}, {"DATTSS_SHARDS": "2", "DATTSS_SHARD": "1"}, {"DATTSS_SHARD": "none"}):
        ended = Server(tmp_path / "data", **settings).manage("up")
        assert ended.returncode != 0
        assert "needs REDIS_URL" in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1


def test_a_shard_belongs_to_one_process(new_server: Callable[..., Server]) -> None:
    server = new_server(UDP_PORT="0")
    ended = Server(server.data, UDP_PORT="0").manage("up")
    assert ended.returncode != 0
    assert "Another process owns shard 0" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert server.request("GET", "/healthz").status == 200


# --- where accounts are -----------------------------------------------------------------------------------------------


@pytest.fixture
def three_shards(settings: Settings, db: None) -> None:
    settings.DATTSS_SHARDS = 3


@pytest.mark.usefixtures("three_shards")
def test_new_accounts_are_spread_evenly() -> None:
    Account.objects.create(pk=0, name="DaTtSs")
    for number in range(8):
        open_account(User.objects.create_user(f"p{number}@example.org"))
    assert [Account.objects.filter(shard=shard).count() for shard in range(3)] == [3, 3, 3]


@pytest.mark.usefixtures("three_shards")
def test_a_key_table_follows_an_account_that_moves() -> None:
    account = Account.objects.create(name="Acme", shard=4)  # of a time with more shards
    _, raw = make_key(account, "a", Scope.INGEST, None)
    table = KeyTable()

    def shard() -> int | None:
        table.reload_if_changed()
        entry = table.lookup(raw)
        assert entry is not None
        return entry.shard

    assert (shard(), table.accounts_of(1), table.takes(account.pk, 1)) == (1, {account.pk}, True)
    moving = begin_move(account.pk, 2)
    assert (shard(), table.accounts_of(1), table.takes(account.pk, 1)) == (None, {account.pk}, False)
    finish_move(moving)
    assert (shard(), table.accounts_of(1), table.takes(account.pk, 2)) == (2, set(), True)
    assert not table.reload_if_changed()


@pytest.mark.usefixtures("three_shards")
def test_two_accounts_that_change_places_are_noticed() -> None:
    """Sums of their shards are the same before and after."""
    first, second = (Account.objects.create(name=f"{shard}", shard=shard) for shard in (0, 1))
    table = KeyTable()
    table.reload_if_changed()
    for account, shard in ((first, 1), (second, 0)):
        finish_move(begin_move(account.pk, shard))
    assert table.reload_if_changed()
    assert (table.accounts_of(0), table.accounts_of(1)) == ({second.pk}, {first.pk})


@pytest.mark.usefixtures("three_shards")
def test_a_move_is_begun_once_and_to_one_place() -> None:
    account = Account.objects.create(name="Acme", shard=0)
    assert begin_move(account.pk, 0).moving_to is None
    assert begin_move(account.pk, 2).moving_to == 2
    assert begin_move(account.pk, 2).moves == 1
    with pytest.raises(MoveError, match="on its way to shard 2"):
        begin_move(account.pk, 1)
    with pytest.raises(MoveError, match="no account"):
        begin_move(account.pk + 1, 1)
