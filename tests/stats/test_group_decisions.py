"""What people say of a group, over the API: who may, and what becomes of the group."""

from typing import Any

import pytest

from tests.server import Keys, Server
from tests.stats.commits import body
from tests.web_browser import WebBrowser


@pytest.fixture(scope="module")
def alice(server: Server) -> tuple[Keys, WebBrowser]:
    keys = server.new_account("decides@example.org")
    return keys, WebBrowser.of(server, "decides@example.org")


def fail(server: Server, keys: Keys, typ: str) -> str:
    """Sends an error; returns the key of its group."""
    sent = body("web", evt=[{"lvl": "error", "typ": typ, "msg": "x"}])
    assert server.commit(keys.key, sent).status == 200
    reply = server.request("GET", "/api/v1/errors/", Authorization=f"Bearer {keys.read_key}")
    return str(next(group["key"] for group in reply.json["groups"] if group["typ"] == typ))


def state(visitor: WebBrowser, key: str) -> str:
    listed = {group["key"]: group["state"] for group in visitor.api("GET", "errors/").json()["groups"]}
    assert visitor.api("GET", f"errors/{key}/").json()["group"]["state"] == listed[key]
    return str(listed[key])


def test_from_new_to_seen_to_resolved_to_a_regression(server: Server, alice: tuple[Keys, WebBrowser]) -> None:
    keys, visitor = alice
    key = fail(server, keys, "Once")
    assert state(visitor, key) == "new"
    assert visitor.api("PUT", f"errors/{key}/decision/", {"said": "seen"}).json() == {"said": "seen"}
    assert state(visitor, key) == "seen"
    visitor.api("PUT", f"errors/{key}/decision/", {"said": "resolved"})
    assert state(visitor, key) == "resolved"
    fail(server, keys, "Once")
    assert state(visitor, key) == "regression"
    assert visitor.api("DELETE", f"errors/{key}/decision/").status_code == 204
    assert state(visitor, key) == "new"


def test_a_mute(server: Server, alice: tuple[Keys, WebBrowser]) -> None:
    keys, visitor = alice
    key = fail(server, keys, "Loud")
    assert visitor.api("PUT", f"errors/{key}/decision/", {"said": "muted", "hours": 2}).status_code == 200
    fail(server, keys, "Loud")
    assert state(visitor, key) == "muted"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"said": "new"},
        {"said": "muted"},
        {"said": "muted", "hours": 0},
        {"said": "seen", "hours": 1},
        [],
        "x",
        {"said": 1},
    ],
)
def test_what_is_no_decision(server: Server, alice: tuple[Keys, WebBrowser], said: Any) -> None:
    keys, visitor = alice
    key = fail(server, keys, "Calm")
    assert visitor.api("PUT", f"errors/{key}/decision/", said).status_code == 400
    assert state(visitor, key) == "new"


def test_only_people_who_may_change_the_account_decide(server: Server, alice: tuple[Keys, WebBrowser]) -> None:
    keys, _ = alice
    path = f"errors/{fail(server, keys, 'Private')}/decision/"
    server.new_account("stranger@example.org")
    stranger = WebBrowser.of(server, "stranger@example.org")
    for method, said in (("PUT", {"said": "seen"}), ("DELETE", None)):
        assert stranger.api(method, path, said).status_code == 404
        assert stranger.api(method, f"{path}?account={keys.account}", said).status_code == 404
        assert WebBrowser(server).api(method, path, said).status_code == 401
    header = {"Authorization": f"Bearer {keys.read_key}", "Content-Type": "application/json"}
    assert server.request("PUT", f"/api/v1/{path}", b'{"said": "seen"}', **header).status == 403
    assert alice[1].api("PUT", "errors/none/decision/", {"said": "seen"}).status_code == 404
