"""What an account uses, over the API and on the page: asked of the owner, through whichever process one comes."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stats.usage import Usage
from tests.fleet import Fleet
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), 2, web=1, DATTSS_RATE_LIMIT="5", DATTSS_MAX_STATS="40")
    try:
        yield fleet.start()
    finally:
        fleet.end()


@pytest.fixture
def keys(fleet: Fleet) -> Keys:
    return fleet.account_on(1)


def used(server: Server, keys: Keys, query: str = "") -> dict[str, Any]:
    reply = server.request("GET", f"/api/v1/usage/{query}", Authorization=f"Bearer {keys.read_key}")
    assert reply.status == 200, reply.body
    told: dict[str, Any] = reply.json
    msgspec.convert(told, Usage)  # as the OpenAPI document has it
    return told


def test_a_new_account_uses_nothing_but_its_keys(fleet: Fleet, keys: Keys) -> None:
    assert used(fleet.web[0], keys) == {
        "stats": {"used": 0, "limit": 40},
        "processes": {"used": 0, "limit": 40},
        "commits": {"used": 0, "limit": 5},
        "partials": {"used": 0, "limit": None},
        "refused": 0,
        "udp_intervals": 0,
        "disk": {"plain": 0, "packed": 0, "counted": pytest.approx(used(fleet.web[0], keys)["disk"]["counted"])},
        "keys": {"used": 2, "limit": 100},
        "people": 1,
        "retention_days": 396,
    }


def test_what_was_sent_is_counted_by_the_owner_wherever_it_came_in(fleet: Fleet, keys: Keys) -> None:
    servers = [*fleet.shards, *fleet.web]
    for number, server in enumerate(servers):
        commit = body(f"p{number}", partial("a", [1]), partial("b", [1], "ms"))
        assert server.commit(keys.key, commit).status == 200
    replies = [fleet.shards[1].commit(keys.key, body("p0")).status for _ in range(20)]
    assert set(replies) == {200, 429}
    for server in servers:
        told = used(server, keys)
        assert (told["stats"]["used"], told["processes"]["used"]) == (6, 3)
        assert told["refused"] == replies.count(429)
        commits = 3 + replies.count(200)
        assert told["commits"]["used"] / told["partials"]["used"] == pytest.approx(commits / 6)
        assert commits / 65 <= told["commits"]["used"] <= commits / 5


def test_what_came_by_udp(fleet: Fleet, keys: Keys) -> None:
    send_by_udp(fleet.shards[0], f"{keys.key}:job:sent:1c\n{keys.key}:other:sent:1c")
    wait_for(lambda: used(fleet.web[0], keys)["udp_intervals"] == 2, 15, "the intervals by UDP")


def send_by_udp(server: Server, text: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(text.encode(), ("127.0.0.1", server.udp_port))


def test_the_disk_is_that_of_the_owner(fleet: Fleet, keys: Keys) -> None:
    day = fleet.shards[1].data / "stats" / str(keys.account) / "2026-W01_1" / "api"
    day.mkdir(parents=True)
    (day / "c_new.prt").write_bytes(b"x" * 50_000)
    (day.parent.parent / "2025-W50_1.pack").write_bytes(b"x" * 20_000)
    disk = used(fleet.web[0], keys)["disk"]
    assert 50_000 <= disk["plain"] < 100_000
    assert 20_000 <= disk["packed"] < 40_000


def test_the_keys_decide_who_reads_it(fleet: Fleet, keys: Keys) -> None:
    server = fleet.shards[0]
    other = fleet.account_on(0)

    def status(key: str | None, query: str = "") -> int:
        authorization = {} if key is None else {"Authorization": f"Bearer {key}"}
        return server.request("GET", f"/api/v1/usage/{query}", None, **authorization).status

    assert status(None) == 401
    assert status(keys.key) == 403
    assert status(keys.read_key, f"?account={other.account}") == 404
    assert status(None, "?account=0") == 404
    assert server.request("POST", "/api/v1/usage/", b"{}", Authorization=f"Bearer {keys.read_key}").status in (403, 405)


def test_the_page_shows_it_and_that_an_owner_is_away(fleet: Fleet, tmp_path: Path) -> None:
    keys = fleet.shards[0].new_account("usage@example.org")
    owner = fleet.shards[fleet.shard_of(keys)]
    owner.commit(keys.key, body("api", *[partial(f"s{number}", [1]) for number in range(37)]))
    browser = Visitor(fleet.web[0]).log_in("usage@example.org")
    page = f"/a/{keys.account}/usage/"
    text = browser.send("GET", page).body.decode()
    assert '<meter min="0" max="40" high="32.0" optimum="0" value="37' in text
    assert "37 of 40" in text
    assert "396 days" in text
    owner.kill()
    try:
        text = browser.send("GET", page).body.decode()
        assert "cannot be read right now" in text
        assert "396 days" in text
        reply = fleet.web[0].request("GET", "/api/v1/usage/", Authorization=f"Bearer {keys.read_key}")
        assert reply.status == 503
    finally:
        owner.start()
