"""Two who act at the same moment, on PostgreSQL: each waits for the other, an account keeps an owner, and no limit is
passed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from accounts.contacts import MOST_CONTACTS
from accounts.key_forms import MOST_LIVE_KEYS
from accounts.opening import MOST_OWNED
from tests import redis_server
from tests.postgres_server import Postgres
from tests.server import Server, wait_for
from tests.web_browser import WebBrowser

ACCOUNT = "SELECT 1 FROM accounts_account WHERE id = %s"
ALICE = "SELECT 1 FROM accounts_user WHERE email = 'alice@example.org' AND %s > 0"
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
            found = "SELECT id, user_id, account_id, created FROM accounts_membership WHERE account_id = %s ORDER BY id"
            cursor.execute(found, [self.account])
            self._memberships = cursor.fetchall()
        self.places = [row[0] for row in self._memberships]
        database.commit()
        self.browsers = [WebBrowser.of(server, email) for email in emails]

    def owners(self) -> int:
        query = "SELECT count(*) FROM accounts_membership WHERE account_id = %s AND role = 'owner'"
        return self._number(query, [self.account])

    def reset(self) -> None:
        """Both are owners again, also who has left."""
        with self._database.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO accounts_membership (id, user_id, account_id, created, role) "
                "VALUES (%s, %s, %s, %s, 'owner') ON CONFLICT (id) DO UPDATE SET role = 'owner'",
                self._memberships,
            )
        self._database.commit()

    def owned_by_alice(self) -> int:
        return self._number(
            "SELECT count(*) FROM accounts_membership WHERE role = 'owner' AND user_id = "
            "(SELECT id FROM accounts_user WHERE email = %s)",
            ["alice@example.org"],
        )

    def insert(self, query: str, *values: object) -> None:
        with self._database.cursor() as cursor:
            cursor.execute(query, values)
        self._database.commit()

    def count(self, table: str) -> int:
        """How many rows of the account a table has."""
        return self._number(f"SELECT count(*) FROM {table} WHERE account_id = %s", [self.account])

    @contextmanager
    def held(self, requests: int, row: str) -> Iterator[None]:
        """Holds the row that a query finds; at the end, lets go of it when as many requests wait for it."""
        with self._database.cursor() as cursor:
            cursor.execute(f"{row} FOR UPDATE", [self.account])
            yield
            wait_for(lambda: self._waiting() == requests, 10, "all requests to wait for the row")
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


def at_once(owned: Owned, *acts: Callable[[], object], row: str = ACCOUNT) -> None:
    """Does all acts so that they meet at a row."""
    with ThreadPoolExecutor(len(acts)) as threads:
        with owned.held(len(acts), row):
            done: list[Future[object]] = [threads.submit(act) for act in acts]
        for one in done:
            one.result()


def test_two_owners_who_demote_each_other_leave_one(owned: Owned) -> None:
    owned.reset()
    alice, bob = owned.browsers
    people = f"/a/{owned.account}/people/"
    at_once(
        owned,
        lambda: alice.submit(f"{people}{owned.places[1]}/role/", role="viewer"),
        lambda: bob.submit(f"{people}{owned.places[0]}/role/", role="viewer"),
    )
    assert owned.owners() == 1


def test_two_owners_who_step_down_at_once_leave_one(owned: Owned) -> None:
    owned.reset()
    people = f"/a/{owned.account}/people/"
    at_once(
        owned,
        *(
            lambda browser=browser, place=place: browser.submit(f"{people}{place}/role/", role="member")
            for browser, place in zip(owned.browsers, owned.places, strict=True)
        ),
    )
    assert owned.owners() == 1


def test_two_owners_who_leave_at_once_leave_one(owned: Owned) -> None:
    owned.reset()
    leave = f"/a/{owned.account}/leave/"
    at_once(owned, *(lambda browser=browser: browser.submit(leave) for browser in owned.browsers))
    assert owned.owners() == 1


def test_two_keys_made_at_once_are_no_more_than_an_account_may_have(owned: Owned) -> None:
    owned.reset()
    owned.insert(
        "INSERT INTO accounts_apikey (account_id, label, scope, hash, prefix, created) "
        "SELECT %s, 'one of many', 'read', md5(number::text), '', now() FROM generate_series(1, %s) number",
        owned.account,
        MOST_LIVE_KEYS - 1 - owned.count("accounts_apikey"),
    )
    page = f"/a/{owned.account}/keys/"
    at_once(
        owned,
        *(lambda browser=browser: browser.submit(page, label="last", scope="read") for browser in owned.browsers),
    )
    assert owned.count("accounts_apikey") == MOST_LIVE_KEYS


def test_two_contacts_added_at_once_are_no_more_than_a_person_may_have(owned: Owned) -> None:
    owned.reset()
    owned.insert(
        "INSERT INTO accounts_contact (account_id, user_id, medium, address, created) "
        "SELECT %s, id, 'email', number || '@example.org', now() FROM accounts_user, generate_series(1, %s) number "
        "WHERE email = 'alice@example.org'",
        owned.account,
        MOST_CONTACTS - 1,
    )
    page, alice = f"/a/{owned.account}/contacts/email/", owned.browsers[0]
    acts = [lambda name=name: alice.submit(page, address=f"{name}@example.org") for name in ("one", "other")]
    at_once(owned, *acts, row=ALICE)
    assert owned.count("accounts_contact") == MOST_CONTACTS


def test_two_accounts_opened_at_once_are_no_more_than_a_person_may_own(owned: Owned) -> None:
    owned.reset()
    owned.insert(
        "WITH made AS (INSERT INTO accounts_account (name, created, shard, moves, retention_days) "
        "SELECT 'one of many', now(), 0, 0, 30 FROM generate_series(1, %s) RETURNING id) "
        "INSERT INTO accounts_membership (user_id, account_id, role, created) "
        "SELECT accounts_user.id, made.id, 'owner', now() FROM made, accounts_user "
        "WHERE email = 'alice@example.org'",
        MOST_OWNED - 1 - owned.owned_by_alice(),
    )
    alice = owned.browsers[0]
    acts = [lambda name=name: alice.submit("/your-accounts/", name=name) for name in ("one", "other")]
    at_once(owned, *acts, row=ALICE)
    assert owned.owned_by_alice() == MOST_OWNED
