"""PostgreSQL in place of SQLite: everything works on it, and ingest goes on while it is away."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import redis_server
from tests.browsing import Browser
from tests.postgres_server import Postgres
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial

UNKNOWN = "1_" + "0" * 40


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    postgres = Postgres()
    yield postgres
    postgres.end()


@pytest.fixture(scope="module")
def server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on PostgreSQL and Redis, its migrations done."""
    folder = tmp_path_factory.mktemp("postgres")
    redis = redis_server.running(folder)
    server = Server(folder / "data", DATABASE_URL=postgres.url, REDIS_URL=next(redis)).start()
    yield server
    server.stop()
    next(redis, None)


@pytest.fixture(scope="module")
def keys(server: Server) -> Keys:
    """An account whose first values are sent, so that their minute ends while other tests run."""
    keys = server.new_account("alice@example.org")
    assert server.commit(keys.key, body("api", partial("minute", [1, 2]))).status == 200
    return keys


def ready(server: Server) -> bool:
    return server.request("GET", "/readyz").status == 200


def new_key_of(server: Server, email: str) -> str:
    """Signs up in a browser's way, confirms the address; the key that the page shows."""
    browser = Browser(server.url)
    browser.send("/accounts/signup/", email=email, password1="correct-horse-battery")
    found = re.search(r"[0-9]+_[0-9a-f]{40}", browser.send(server.mailed_link(email)))
    assert found
    return found[0]


def test_who_signs_up_can_send_within_a_second(server: Server) -> None:
    key = new_key_of(server, "bob@example.org")
    assert server.commit(key, body("api", partial("x", [1]))).json == {"ok": True}


@pytest.mark.parametrize("way", ["stopped", "frozen"])
def test_ingest_goes_on_while_postgresql_is_away(server: Server, keys: Keys, postgres: Postgres, way: str) -> None:
    away, back = (postgres.stop, postgres.start) if way == "stopped" else (postgres.freeze, postgres.thaw)
    assert server.commit(UNKNOWN, body("api")).status == 401
    away()
    try:
        wait_for(lambda: not ready(server), 10, "the server to notice")
        assert "database" in server.request("GET", "/readyz").json["problems"][0]
        assert server.request("GET", "/healthz").status == 200
        assert server.commit(keys.key, body("api", partial(way, [1]))).json == {"ok": True}
        unknown = server.commit(UNKNOWN, body("api"))
        assert (unknown.status, unknown.headers["Retry-After"]) == (503, "1")
    finally:
        back()
    wait_for(lambda: ready(server), 20, "the server to be whole again by itself")
    assert server.commit(UNKNOWN, body("api")).status == 401
    later = server.new_account(f"{way}@example.org")
    assert server.commit(later.key, body("api", partial("x", [1]))).status == 200
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    assert way in reply.json["processes"][0]["stats"]["c"]


def test_a_start_without_postgresql_says_so(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    ended = server.manage("up")
    assert ended.returncode != 0
    assert "The database cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_minute_comes_into_its_file(server: Server, keys: Keys) -> None:
    wait_for(lambda: server.lines(keys.account, "api", "c", "minute"), 75, "Celery's flush of the minute")
    assert [line[1] for line in server.lines(keys.account, "api", "c", "minute")] == ["3"]
