"""What a real server answers in front of Django, and in the API that takes commits, compared with `access_table`."""

import re
from dataclasses import dataclass

import pytest

from dattss_site.asgi import lanes
from tests.accounts.access_table import CALLERS, LANES
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body
from tests.web_browser import WebBrowser


@dataclass
class Callers:
    server: Server
    keys: dict[str, str]
    browser: WebBrowser

    def headers(self, caller: str) -> dict[str, str]:
        """Programs send their key, people their cookies, which are nothing to a lane."""
        if caller in self.keys:
            return {"Authorization": f"Bearer {self.keys[caller]}"}
        return {} if caller == "anonymous" else {"Cookie": self.browser.cookie_header}


@pytest.fixture(scope="module")
def callers(server: Server) -> Callers:
    keys, ended = server.new_account("lane@example.org"), server.new_account("ended@example.org")
    revoke_all(server, ended, "ended@example.org")
    browser = WebBrowser(server)
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


def revoke_all(server: Server, keys: Keys, email: str) -> None:
    browser = WebBrowser(server)
    browser.log_in(email)
    page = f"/a/{keys.account}/keys/"
    for path in set(re.findall(rf"{page}[0-9]+/revoke/", browser.open(page).text)):
        browser.submit(path, token_from=path)
    wait_for(lambda: server.commit(keys.key, body("api")).status == 401, 10, "the key to be refused")
