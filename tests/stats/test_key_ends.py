"""A key that ends does so on every process within a second: revoked, or replaced and its time is over; and guessers
wait on every process, while keys that work pass."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from accounts.guessing import MOST_UNKNOWN
from accounts.keys import hash_key
from tests.fleet import Fleet
from tests.server import Keys, Reply, Server
from tests.stats.commits import body, partial

AT_MOST = 1.0  # seconds
PATIENCE = 30.0  # seconds, after which a key that should end has not
COMMIT = json.dumps(body("api", partial("x", [1]))).encode()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two data servers and a web node, behind one load balancer."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), 2, web=1, TRUSTED_PROXIES="1", UDP_PORT="0")
    try:
        yield fleet.start()
    finally:
        fleet.end()


@pytest.fixture
def keys(fleet: Fleet) -> Keys:
    return fleet.account_on(1)


def servers(fleet: Fleet) -> list[Server]:
    return [*fleet.shards, *fleet.web]


def change(fleet: Fleet, raw: str, column: str, at: float) -> None:
    """What the keys page does to a key, in the database that all share."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(fleet._database, timeout=20)) as database, database:
        database.execute(f"UPDATE accounts_apikey SET {column} = ? WHERE hash = ?", (moment, hash_key(raw)))


def sent(server: Server, raw: str, client: str = "198.51.100.1") -> Reply:
    return server.request("PUT", f"/agg?auth={raw}", COMMIT, X_Forwarded_For=client)


def read(server: Server, raw: str, client: str = "198.51.100.1") -> Reply:
    return server.request("GET", "/api/v1/errors/", Authorization=f"Bearer {raw}", X_Forwarded_For=client)


def taken_until(ask: Callable[[], Reply]) -> float:
    """When the last request that was still taken was made, Unix seconds; asks until one is refused."""
    taken = 0.0
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        begun = time.time()
        status = ask().status
        if status == 401:
            return taken
        assert status == 200
        taken = begun
    raise AssertionError(f"the key was still taken after {PATIENCE:.0f} s")


def at_all(fleet: Fleet, ask: Callable[[Server], float]) -> list[float]:
    with ThreadPoolExecutor() as threads:
        return list(threads.map(ask, servers(fleet)))


@pytest.mark.parametrize("column", ["revoked", "expires"])
def test_a_key_that_sends_ends_everywhere_within_a_second(fleet: Fleet, keys: Keys, column: str) -> None:
    assert [sent(server, keys.key).status for server in servers(fleet)] == [200] * 3
    at = time.time() if column == "revoked" else time.time() + 2
    change(fleet, keys.key, column, at)
    ends = at_all(fleet, lambda server: taken_until(lambda: sent(server, keys.key)))
    assert all(end < at + AT_MOST for end in ends), (at, ends)
    if column == "expires":
        assert all(end > at - AT_MOST for end in ends), (at, ends)


@pytest.mark.parametrize("column", ["revoked", "expires"])
def test_a_key_that_reads_and_the_pages_it_opened_end_everywhere_within_a_second(
    fleet: Fleet, keys: Keys, column: str
) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(listening(server, keys.read_key)) for server in servers(fleet)]
        for socket in sockets:
            assert json.loads(socket.recv(timeout=10))["type"] == "snapshot"
        at = time.time() if column == "revoked" else time.time() + 2
        change(fleet, keys.read_key, column, at)
        with ThreadPoolExecutor() as threads:
            closed = list(threads.map(closed_at, sockets))
    assert all(at - 0.05 < end < at + AT_MOST for end in closed), (at, closed)
    assert [read(server, keys.read_key).status for server in servers(fleet)] == [401] * 3


def listening(server: Server, raw: str) -> ClientConnection:
    headers = {"Authorization": f"Bearer {raw}"}
    return connect(f"ws://127.0.0.1:{server.port}/ws/live/", additional_headers=headers, open_timeout=10)


def closed_at(socket: ClientConnection) -> float:
    """Unix seconds; the server says that nobody is logged in."""
    deadline = time.monotonic() + PATIENCE
    code = None
    while code is None:
        assert time.monotonic() < deadline, "the socket stays open"
        try:
            socket.recv(timeout=1)
        except TimeoutError:
            continue
        except ConnectionClosed as closed:
            code = closed.rcvd and closed.rcvd.code
    assert code == 4401
    return time.time()


def test_from_where_a_key_was_used_is_told_by_the_owner(fleet: Fleet, keys: Keys, tmp_path: Path) -> None:
    assert sent(fleet.web[0], keys.key, "203.0.113.66, 198.51.100.77").status == 200
    done = fleet.shards[1].manage("shell", "--no-imports", "-c", "from stats.tasks import flush; flush(1)")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(fleet._database)) as database:
        query = "SELECT last_ip FROM accounts_apikey WHERE hash = ?"
        assert database.execute(query, (hash_key(keys.key),)).fetchone() == ("198.51.100.77",)


@pytest.mark.parametrize("ask", [sent, read])
def test_who_guesses_keys_waits_and_keys_that_work_pass(
    fleet: Fleet, keys: Keys, ask: Callable[[Server, str, str], Reply]
) -> None:
    server = fleet.web[0]
    guesser = "198.51.100.66" if ask is sent else "198.51.100.67"

    def guess(number: int) -> Reply:
        return ask(server, f"{keys.account}_{number:040x}", guesser)

    with ThreadPoolExecutor(10) as threads:
        replies = list(threads.map(guess, range(MOST_UNKNOWN + 5)))
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [401] * MOST_UNKNOWN + [429] * 5
    [*_, refused] = (reply for reply in replies if reply.status == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert len({reply.body for reply in replies if reply.status == 401}) == 1
    right = keys.key if ask is sent else keys.read_key
    assert ask(server, right, guesser).status == 200
    new = server.new_account(f"{ask.__name__}.neighbour@example.org")
    assert ask(server, new.key if ask is sent else new.read_key, guesser).status == 200
    assert ask(server, f"{keys.account}_{99:040x}", "198.51.100.68").status == 401
