"""No key, password or cookie is in any log, whatever was done with it and whatever failed meanwhile.

Where no mail provider is set, mails stand in the console with their links, on purpose.
"""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial
from tests.web_browser import PASSWORD, WebBrowser

WRONG_PASSWORD = "wrong-horse-battery"
WRONG_KEY = "1_" + "f" * 40
LINK = re.compile(r"http://\S+/accounts/\S+")


@pytest.fixture
def watched(new_server: Callable[..., Server]) -> Server:
    return new_server()


def test_no_secret_is_in_a_log(watched: Server) -> None:
    keys = watched.new_account("alice@example.org")
    browser = WebBrowser(watched)
    secrets = {PASSWORD, WRONG_PASSWORD, WRONG_KEY, keys.key, keys.read_key}
    _use_keys(watched, keys)
    _use_passwords(watched, browser)
    _open_sockets(watched, keys, browser)
    with closing(sqlite3.connect(watched.data / "dattss.sqlite3", timeout=20)) as database:
        database.execute("ALTER TABLE accounts_membership RENAME TO gone")
    statuses = _use_all_while_it_fails(watched, keys, browser)
    assert 500 in statuses
    secrets |= {cookie.value for cookie in browser.cookies if cookie.value}
    log = wait_for(lambda: _log_with(watched.log, "Traceback"), 10, "the failure in the log")
    assert watched.stop() == 0
    log += watched.log.read_text()
    assert [secret for secret in secrets if secret in log] == []
    # Nor the digits of a key without its account, as a log of parsed keys would have them.
    assert re.findall(r"[0-9a-f]{40}", log) == []


@pytest.mark.parametrize(
    "path", ["/invitations/{}/", "/accounts/confirm-email/{}/", "/accounts/password/reset/key/1-{}/"]
)
def test_a_link_that_is_refused_is_told_without_its_secret(server: Server, path: str) -> None:
    assert server.request("POST", path.format("s3cret"), b"without=a-token").status == 403
    told = path.format("").removesuffix("/").removesuffix("1-")
    log = wait_for(lambda: _log_with(server.log, told), 10, "the refusal in the log")
    assert "s3cret" not in log


def test_an_odd_request_is_told_in_one_line(server: Server) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\na\r\n'
    before = len(server.log.read_text())
    form = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": f"dattss_csrf={'a' * 32}"}
    assert server.request("POST", "/accounts/login/", 3 * part + b"--x--\r\n", **form).status == 400
    log = wait_for(lambda: _log_with(server.log, "TooManyFilesSent"), 10, "the request in the log")
    assert "Traceback" not in log[before:]


def _use_keys(server: Server, keys: Keys) -> None:
    for key in (keys.key, keys.read_key, WRONG_KEY):
        for path in ("/agg", "/api/v1/agg/"):
            server.commit(key, body("api", partial("x", [1])), path)
            server.request("PUT", f"{path}?auth={key}", b"no json")
            server.request("PUT", f"{path}?auth={key}%00", b"{}")
            server.request("DELETE", f"{path}?auth={key}")
            server.request("PUT", path, b"{}", Authorization=f"Bearer {key}", Content_Encoding="gzip")
        for path in ("processes", "errors", "nowhere"):
            server.request("GET", f"/api/v1/{path}/", Authorization=f"Bearer {key}")
            server.request("GET", f"/api/v1/{path}/?auth={key}&key={key}")
        server.request("GET", f"/{key}/?auth={key}", Host="evil.example")
        server.request("POST", f"/accounts/login/?auth={key}", b"")


def _use_passwords(server: Server, browser: WebBrowser) -> None:
    browser.log_in("alice@example.org", WRONG_PASSWORD)
    browser.post(f"{server.url}/accounts/login/", {"login": "alice@example.org", "password": PASSWORD}, timeout=20)
    browser.submit("/accounts/password/reset/", email="alice@example.org")
    browser.log_in("alice@example.org")
    links = {link for mail in (server.data / "outbox").iterdir() for link in LINK.findall(mail.read_text())}
    assert links
    for link in links:
        browser.get(link, timeout=20)
        browser.get(f"{link}x/", timeout=20)


def _open_sockets(server: Server, keys: Keys, browser: WebBrowser) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws"
    ways = [{"Authorization": f"Bearer {key}"} for key in (keys.key, keys.read_key, WRONG_KEY)]
    ways.append({"Cookie": browser.cookie_header, "Origin": server.url})
    for headers in ways:
        for path in ("live/", f"live/?auth={keys.read_key}", f"nowhere/?auth={keys.read_key}"):
            with suppress(WebSocketException), connect(f"{url}/{path}", additional_headers=headers) as socket:
                socket.recv(timeout=5)


def _use_all_while_it_fails(server: Server, keys: Keys, browser: WebBrowser) -> set[int]:
    """Every page and every API answer is an error now."""
    _use_keys(server, keys)
    answers = [
        browser.open(f"/a/{keys.account}/?auth={keys.key}"),
        browser.submit(f"/a/{keys.account}/keys/", label=keys.key, scope="ingest"),
        browser.submit("/accounts/password/change/", oldpassword=PASSWORD, password1=WRONG_PASSWORD),
        WebBrowser(server).log_in("alice@example.org"),
    ]
    with suppress(WebSocketException):
        _open_sockets(server, keys, browser)
    return {answer.status_code for answer in answers}


def _log_with(path: Path, word: str) -> str:
    log = path.read_text()
    return log if word in log else ""
