"""Pages that are open while somebody leaves an account, or his session ends, on a real server: they end at once."""

import itertools
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.server import Server, wait_for
from tests.stats.commits import body, partial
from tests.stats.test_live_websocket import bearer, listening, message
from tests.web_browser import PASSWORD, WebBrowser

AT_ONCE = 2.0  # seconds; without being told a page looks again after 10

_serial = itertools.count()


class Team:
    """Alice's account with Bob as a member, each with a browser."""

    def __init__(self, server: Server, number: int) -> None:
        self.server = server
        self.emails = [f"{name}{number}@example.org" for name in ("alice", "bob")]
        self.keys, bobs_own = (server.new_account(email) for email in self.emails)
        self.account = self.keys.account
        self.execute(
            "INSERT INTO accounts_membership (user_id, account_id, role, created) "
            "SELECT user_id, ?, 'member', created FROM accounts_membership WHERE account_id = ?",
            self.account,
            bobs_own.account,
        )
        self.alice, self.bob = (WebBrowser.of(server, email) for email in self.emails)
        [self.bobs_place] = self.execute(
            "SELECT id FROM accounts_membership WHERE account_id = ? AND role = 'member'", self.account
        )

    def execute(self, statement: str, *values: object) -> list[Any]:
        """The first column of what the database says."""
        with closing(sqlite3.connect(self.server.data / "dattss.sqlite3", timeout=20)) as database, database:
            return [row[0] for row in database.execute(statement, values)]

    def act(self, path: str, **fields: str) -> None:
        assert self.alice.open(f"/a/{self.account}/people/").status_code == 200
        assert self.alice.submit(f"/a/{self.account}/{path}", **fields).status_code == 200

    def close(self) -> None:
        """As an owner does it."""
        self.alice.open(f"/a/{self.account}/close/")
        self.alice.submit(f"/accounts/reauthenticate/?next=/a/{self.account}/close/", password=PASSWORD)
        [name] = self.execute("SELECT name FROM accounts_account WHERE id = ?", self.account)
        assert "Closed accounts" in self.alice.submit(f"/a/{self.account}/close/", name=name).text

    @contextmanager
    def watching(self, browser: WebBrowser, query: str | None = None) -> Iterator[ClientConnection]:
        path = f"/ws/live/?account={self.account}" if query is None else f"/ws/live/{query}"
        with listening(self.server, path, Cookie=browser.cookie_header, Origin=self.server.url) as socket:
            assert message(socket)["account"] == self.account
            yield socket


@pytest.fixture
def team(server: Server) -> Team:
    return Team(server, next(_serial))


def code_of(socket: ClientConnection, seconds: float) -> int:
    """The code with which the page is closed within some seconds; 0 where it is not."""
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            json.loads(socket.recv(timeout=max(0.01, deadline - time.monotonic())))
    except TimeoutError:
        return 0
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0
    return 0


def test_a_page_of_who_is_removed_ends_at_once_and_others_stay(team: Team) -> None:
    with team.watching(team.bob) as bobs, team.watching(team.alice) as alices:
        team.act(f"people/{team.bobs_place}/remove/")
        assert code_of(bobs, AT_ONCE) == 4404
        assert code_of(alices, 0.3) == 0


def test_a_page_of_who_leaves_ends_at_once(team: Team) -> None:
    with team.watching(team.bob) as bobs:
        team.bob.open(f"/a/{team.account}/leave/")
        team.bob.submit(f"/a/{team.account}/leave/")
        assert code_of(bobs, AT_ONCE) == 4404


def test_a_page_without_an_account_in_its_address_ends_too(team: Team) -> None:
    """Bob has an account of his own, which his session would fall back to."""
    team.bob.open(f"/a/{team.account}/")
    with team.watching(team.bob, query="") as bobs:
        team.act(f"people/{team.bobs_place}/remove/")
        assert code_of(bobs, AT_ONCE) == 4404


def test_who_becomes_a_viewer_goes_on_watching(team: Team) -> None:
    with team.watching(team.bob) as bobs:
        team.act(f"people/{team.bobs_place}/role/", role="viewer")
        assert code_of(bobs, 0.5) == 0


def test_logging_out_the_others_ends_their_pages_at_once(team: Team) -> None:
    elsewhere = WebBrowser.of(team.server, team.emails[1])
    with team.watching(team.bob) as here, team.watching(elsewhere) as there:
        team.bob.submit("/accounts/sessions/")
        assert code_of(there, AT_ONCE) == 4401
        assert code_of(here, 0.3) == 0


def test_logging_out_ends_the_own_pages_at_once_and_others_stay(team: Team) -> None:
    elsewhere = WebBrowser.of(team.server, team.emails[1])
    with team.watching(team.bob) as here, team.watching(elsewhere) as there, team.watching(team.alice) as alices:
        team.bob.submit("/accounts/logout/")
        assert code_of(here, AT_ONCE) == 4401
        assert [code_of(there, 0.3), code_of(alices, 0.1)] == [0, 0]


def test_a_page_that_nobody_has_told_looks_again_by_itself(team: Team) -> None:
    with team.watching(team.bob) as bobs:
        team.execute("DELETE FROM accounts_membership WHERE id = ?", team.bobs_place)
        assert code_of(bobs, 13) == 4404


def test_when_an_account_is_closed_its_pages_end_and_its_keys_stop_within_a_second(team: Team) -> None:
    taken = 0

    def status() -> int:
        nonlocal taken
        answer = team.server.commit(team.keys.key, body("api", partial("x", [1]))).status
        taken += answer == 200
        return answer

    assert status() == 200
    with (
        team.watching(team.bob) as bobs,
        listening(team.server, **bearer(team.keys.read_key)) as by_key,
    ):
        message(by_key)
        team.close()
        wait_for(lambda: status() == 401, 1, "the key to be refused")
        assert code_of(bobs, AT_ONCE) == 4404
        assert code_of(by_key, AT_ONCE) == 4401
    read = {"Authorization": f"Bearer {team.keys.read_key}"}
    assert team.server.request("GET", "/api/v1/processes/", None, **read).status == 401
    assert team.bob.open(f"/a/{team.account}/").status_code == 404
    team.alice.open("/your-accounts/")
    team.alice.submit(f"/your-accounts/{team.account}/reopen/")
    wait_for(lambda: status() == 200, 5, "the key to work again")
    [process] = team.server.request("GET", "/api/v1/current/", None, **read).json["processes"]
    assert process["stats"]["c"]["x"]["total"] == taken
    assert team.bob.open(f"/a/{team.account}/").status_code == 200
