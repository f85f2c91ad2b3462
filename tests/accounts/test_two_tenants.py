"""Two tenants that call everything alike, on a real server: neither ever sees a value of the other."""

import pytest

from tests.server import Keys, Server
from tests.stats.commits import body, partial
from tests.stats.test_live_websocket import bearer, listening, message
from tests.web_browser import WebBrowser

# The same names, the same instance and the same numbers of commits; only the values tell them apart.
VALUES = (1000.0, 7.0)


@pytest.fixture
def tenants(server: Server, keys: Keys) -> list[tuple[Keys, str, float]]:
    """Keys, e-mail address and value of each."""
    emails = [f"{name}-of-two-{keys.account}@example.org" for name in ("alice", "charlie")]
    made = [server.new_account(email) for email in emails]
    for one, value in zip(made, VALUES, strict=True):
        events = [{"lvl": level, "msg": f"boom {value:.0f}"} for level in ("error", "warning")]
        commit = body("api", partial("x", [value]), iid="same", seq=1, evt=events)
        assert server.commit(one.key, commit).json == {"ok": True}  # no repeat of the other's
    return list(zip(made, emails, VALUES, strict=True))


def test_reading_by_key(server: Server, tenants: list[tuple[Keys, str, float]]) -> None:
    for keys, _, value in tenants:
        [process] = server.request("GET", "/api/v1/current/", None, **bearer(keys.read_key)).json["processes"]
        assert (process["nam"], process["stats"]["c"]["x"]["total"]) == ("api", value)


def test_watching(server: Server, tenants: list[tuple[Keys, str, float]]) -> None:
    for keys, _, value in tenants:
        with listening(server, **bearer(keys.read_key)) as socket:
            snapshot = message(socket)
            totals = {stat["nam"]: stat["total"] for stat in snapshot["stats"]}
            assert (snapshot["account"], totals) == (
                keys.account,
                {"x": value, "dattss.errors": 1, "dattss.warnings": 1},
            )
            assert {event["msg"] for event in snapshot["events"]} == {f"boom {value:.0f}"}


def test_a_session_and_a_key_reach_their_own_account_only(
    server: Server, tenants: list[tuple[Keys, str, float]]
) -> None:
    for (keys, email, value), (others, _, _) in zip(tenants, reversed(tenants), strict=True):
        browser = WebBrowser.of(server, email)
        [process] = browser.open(f"/api/v1/current/?account={keys.account}").json()["processes"]
        assert process["stats"]["c"]["x"]["total"] == value
        paths = ["", "people/", "settings/", "keys/", "close/", "processes/"]
        refused = [browser.open(f"/a/{others.account}/{path}") for path in paths]
        refused += [browser.open(f"/api/v1/{path}/?account={others.account}") for path in ("current", "errors")]
        by_key = f"/api/v1/current/?account={others.account}"
        assert {reply.status_code for reply in refused} == {404}
        assert server.request("GET", by_key, None, **bearer(keys.read_key)).status == 404
