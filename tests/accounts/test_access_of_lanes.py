"""What a real server answers in front of Django, and in the API that takes commits, compared with `access_table`; and
what becomes of an open page when its person may not see it any more."""

import re
from contextlib import suppress
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dattss_site.asgi import lanes
from tests.accounts.access_table import CALLERS, LANES
from tests.browsing import Browser
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body

NOT_LOGGED_IN = 4401


@dataclass
class Callers:
    server: Server
    keys: dict[str, str]
    browser: Browser

    def headers(self, caller: str) -> dict[str, str]:
        """Programs send their key, people their cookies, which are nothing to a lane."""
        if caller in self.keys:
            return {"Authorization": f"Bearer {self.keys[caller]}"}
        return {} if caller == "anonymous" else {"Cookie": self.browser.cookie_header}


@pytest.fixture(scope="module")
def callers(server: Server) -> Callers:
    keys, ended = server.new_account("lane@example.org"), server.new_account("ended@example.org")
    revoke_all(server, ended, "ended@example.org")
    browser = Browser(server)
    browser.log_in("lane@example.org")
    return Callers(server, {"ingest": keys.key, "read": keys.read_key, "revoked": ended.key}, browser)


def test_the_table_has_every_lane_and_no_other() -> None:
    assert {route for route in LANES if not route.startswith("api/")} == {path.lstrip("/") for path in lanes}


@pytest.mark.parametrize("route", LANES)
def test_each_caller_gets_what_the_table_says(callers: Callers, route: str) -> None:
    for method, expected in LANES[route].items():
        got = {}
        for caller in CALLERS:
            content = b'{"nam": "api", "prt": {}}' if method != "GET" else None
            status = callers.server.request(method, f"/{route}", content, **callers.headers(caller)).status
            got[caller] = "ok" if status == 200 else str(status)
        assert got == expected, method


@pytest.mark.parametrize("route", ["agg", "api/v1/agg/"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_commits_come_by_put_and_post_only(callers: Callers, route: str, method: str) -> None:
    assert callers.server.request(method, f"/{route}", None, **callers.headers("ingest")).status == 405


def test_a_page_is_closed_once_its_person_logs_out(server: Server, keys: Keys) -> None:
    browser, email = Browser(server), f"leaves{keys.account}@example.org"
    account = server.new_account(email).account
    browser.log_in(email)
    with listening(server, f"?account={account}", Cookie=browser.cookie_header, Origin=server.url) as socket:
        socket.recv(timeout=10)
        browser.submit("/accounts/logout/", token_from="/accounts/logout/")
        assert code_of_the_end(socket) == NOT_LOGGED_IN


def test_a_program_is_sent_away_once_its_key_is_revoked(server: Server) -> None:
    email = "revokes@example.org"
    keys = server.new_account(email)
    with listening(server, Authorization=f"Bearer {keys.read_key}") as socket:
        socket.recv(timeout=10)
        revoke_all(server, keys, email)
        assert code_of_the_end(socket) == NOT_LOGGED_IN


def listening(server: Server, query: str = "", **headers: str) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{server.port}/ws/live/{query}", additional_headers=headers, max_size=None)


def code_of_the_end(socket: ClientConnection) -> int:
    """The code that the server closes with, within two of its looks at who listens."""
    with suppress(ConnectionClosed):
        while socket.recv(timeout=25):
            pass
    return socket.close_code or 0


def revoke_all(server: Server, keys: Keys, email: str) -> None:
    browser = Browser(server)
    browser.log_in(email)
    page = f"/a/{keys.account}/keys/"
    for path in set(re.findall(rf"{page}[0-9]+/revoke/", browser.open(page).text)):
        browser.submit(path, token_from=path)
    wait_for(lambda: server.commit(keys.key, body("api")).status == 401, 10, "the key to be refused")
