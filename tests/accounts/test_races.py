"""Two who act at the same moment, on PostgreSQL: each waits for the other, and an account keeps an owner."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests import redis_server
from tests.http_browser import HttpBrowser
from tests.postgres_server import Postgres
from tests.server import Server, wait_for

_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class Owned:
    """An account that Alice and Bob own, each in a browser."""

    def __init__(self, server: Server, database: psycopg.Connection) -> None:
        self._database = database
        emails = ("alice@example.org", "bob@example.org")
        accounts = [server.new_account(email).account for email in emails]
        self.account = accounts[0]
        with database.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_membership (user_id, account_id, role, created) "
                "SELECT user_id, %s, 'owner', created FROM accounts_membership WHERE account_id = %s",
                accounts,
            )
            cursor.execute("SELECT id FROM accounts_membership WHERE account_id = %s ORDER BY id", [self.account])
            self.places = [row[0] for row in cursor.fetchall()]
        database.commit()
        self.browsers = [HttpBrowser(server).log_in(email) for email in emails]

    def owners(self) -> int:
        query = "SELECT count(*) FROM accounts_membership WHERE account_id = %s AND role = 'owner'"
        return self._number(query, [self.account])

    def reset(self) -> None:
        with self._database.cursor() as cursor:
            cursor.execute("UPDATE accounts_membership SET role = 'owner' WHERE account_id = %s", [self.account])
        self._database.commit()

    @contextmanager
    def held(self, requests: int) -> Iterator[None]:
        """Holds the account's row; at the end, lets go of it when as many requests wait for it."""
        with self._database.cursor() as cursor:
            cursor.execute("SELECT 1 FROM accounts_account WHERE id = %s FOR UPDATE", [self.account])
            yield
            wait_for(lambda: self._waiting() == requests, 10, "all requests to wait for the account")
        self._database.commit()

    def _waiting(self) -> int:
        with self._database.cursor() as cursor:
            cursor.execute(_WAITING)
            return int((cursor.fetchone() or [0])[0])

    def _number(self, query: str, values: list[object]) -> int:
        with self._database.cursor() as cursor:
            cursor.execute(query, values)
            found = int((cursor.fetchone() or [0])[0])
        self._database.commit()
        return found


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owned]:
    folder: Path = tmp_path_factory.mktemp("races")
    postgres, redis = Postgres(), redis_server.running(folder)
    server = Server(folder / "data", DATABASE_URL=postgres.url, REDIS_URL=next(redis)).start()
    with psycopg.connect(postgres.url) as database:
        yield Owned(server, database)
    server.stop()
    next(redis, None)
    postgres.end()


def at_once(owned: Owned, *acts: Callable[[], object]) -> None:
    """Does all acts so that they meet at the account's row."""
    with ThreadPoolExecutor(len(acts)) as threads:
        with owned.held(len(acts)):
            done: list[Future[object]] = [threads.submit(act) for act in acts]
        for one in done:
            one.result()


def test_two_owners_who_demote_each_other_leave_one(owned: Owned) -> None:
    owned.reset()
    alice, bob = owned.browsers
    people = f"/a/{owned.account}/people/"
    at_once(
        owned,
        lambda: alice.post(f"{people}{owned.places[1]}/role/", role="viewer"),
        lambda: bob.post(f"{people}{owned.places[0]}/role/", role="viewer"),
    )
    assert owned.owners() == 1


def test_two_owners_who_step_down_at_once_leave_one(owned: Owned) -> None:
    owned.reset()
    people = f"/a/{owned.account}/people/"
    at_once(
        owned,
        *(
            lambda browser=browser, place=place: browser.post(f"{people}{place}/role/", role="member")
            for browser, place in zip(owned.browsers, owned.places, strict=True)
        ),
    )
    assert owned.owners() == 1


def test_two_owners_who_leave_at_once_leave_one(owned: Owned) -> None:
    owned.reset()
    leave = f"/a/{owned.account}/leave/"
    at_once(owned, *(lambda browser=browser: browser.post(leave) for browser in owned.browsers))
    assert owned.owners() == 1
