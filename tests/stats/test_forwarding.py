"""Commits that reach a process which does not own their account's shard: two data servers and a web node, for real."""

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from channels.layers import InMemoryChannelLayer
from websockets.sync.client import connect

from stats.engine_channel import engine_channel
from stats.forwarding import PATIENCE, Forwarded, Forwarder
from tests.fleet import Fleet
from tests.server import Keys, Reply, Server, wait_for
from tests.stats.commits import body, partial
from tests.stats.test_live_websocket import messages, until

FACES = ["/agg", "/api/v1/agg/"]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), shards=2, web=1, DATTSS_RATE_LIMIT="100", DATTSS_MAX_STATS="30")
    yield fleet.start()
    fleet.end()


@pytest.fixture(params=["the other data server", "a web node"])
def stranger(request: pytest.FixtureRequest, fleet: Fleet) -> Server:
    """A process that does not own shard 0."""
    return fleet.shards[1] if request.param == "the other data server" else fleet.web[0]


@pytest.fixture
def keys(fleet: Fleet) -> Keys:
    """An account of shard 0."""
    return fleet.account_on(0)


def totals(server: Server, keys: Keys) -> dict[str, float]:
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    return {name: stat["total"] for state in reply.json["processes"] for name, stat in state["stats"]["c"].items()}


@pytest.mark.parametrize("face", FACES)
def test_the_owner_answers_through_any_process(fleet: Fleet, keys: Keys, stranger: Server, face: str) -> None:
    numbered = body("api", partial("x", [1, 2]), iid="a", seq=1)
    assert stranger.commit(keys.key, numbered, face).json == {"ok": True}
    assert stranger.commit(keys.key, numbered, face).json == {"ok": True, "dup": True}
    assert fleet.shards[0].commit(keys.key, numbered, face).json == {"ok": True, "dup": True}
    assert totals(fleet.shards[0], keys) == {"x": 3}
    refused = stranger.commit(keys.key, body("api", partial("x", [1], sum="much")), face)
    assert (refused.status, refused.json["at"]) == (400, "prt.c[0].sum")
    wide = [partial(f"s{number}", [1]) for number in range(40)]
    assert stranger.commit(keys.key, body("api", *wide), face).json == {"ok": True, "dropped": 11}
    assert stranger.request("PUT", f"{face}?auth={keys.key}", b" " * (1 << 20 | 1)).status == 413
    bomb = body("api", pad="x" * (9 << 20))
    packed = gzip.compress(json.dumps(bomb).encode())
    assert stranger.request("PUT", f"{face}?auth={keys.key}", packed, Content_Encoding="gzip").status == 413
    assert stranger.commit("1_" + "0" * 40, numbered, face).status == 401
    assert stranger.commit(keys.read_key, numbered, face).status == 403


def test_no_file_of_the_account_is_anywhere_but_at_its_owner(fleet: Fleet, keys: Keys, stranger: Server) -> None:
    assert stranger.commit(keys.key, body("api", partial("x", [1]))).status == 200
    assert not (stranger.data / "stats" / str(keys.account)).exists()
    assert any(fleet.shards[0].data.glob("journal/shard-0/*.log"))
    assert not list(fleet.web[0].data.glob("journal"))


def test_the_rate_is_that_of_the_owner(fleet: Fleet, keys: Keys) -> None:
    """100 a second, however many processes it comes in by."""
    replies: list[Reply] = []

    def send(server: Server) -> None:
        for _ in range(50):
            replies.append(server.commit(keys.key, body("api", partial("x", [1]))))

    begun = time.monotonic()
    threads = [threading.Thread(target=send, args=(server,)) for server in (*fleet.shards, *fleet.web) for _ in "12"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    allowed = 100 * (1 + time.monotonic() - begun) + 1
    taken = [reply for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status == 429]
    assert len(taken) + len(refused) == len(replies)
    assert 100 <= len(taken) <= allowed
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)
    assert totals(fleet.shards[0], keys) == {"x": len(taken)}


def test_many_commits_at_once_are_all_taken_and_counted_once(fleet: Fleet, stranger: Server) -> None:
    accounts = [fleet.account_on(0) for _ in range(4)]
    statuses: list[int] = []

    def send(keys: Keys, thread: int) -> None:
        for number in range(12):
            commit = body("api", partial("x", [1]), iid=f"{thread}", seq=number)
            statuses.extend(stranger.commit(keys.key, commit).status for _ in range(2))

    threads = [threading.Thread(target=send, args=(keys, thread)) for keys in accounts for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}
    assert [totals(fleet.shards[0], keys) for keys in accounts] == [{"x": 48}] * 4


def test_udp_lines_go_to_the_owner(fleet: Fleet, keys: Keys) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for server in (*fleet.shards, *fleet.web):
            udp.sendto(f"{keys.key}:job:sent:2c".encode(), ("127.0.0.1", server.udp_port))
    wait_for(lambda: totals(fleet.shards[0], keys) == {"sent": 6}, 15, "the values of all three sockets")


def test_everything_can_be_read_from_any_process(fleet: Fleet, keys: Keys, stranger: Server) -> None:
    event = {"lvl": "error", "msg": "boom", "typ": "ValueError"}
    owner = fleet.shards[0]
    owner.commit(keys.key, body("api", partial("x", [5]), evt=[event]))
    assert totals(stranger, keys) == {"x": 5, "dattss.errors": 1}
    folder = owner.data / "stats" / str(keys.account) / "2026-W40_1" / "api"
    folder.mkdir(parents=True)
    (folder / "c_x.prt").write_text("00:05,3,2,2,1,1,2,1,2\n")

    def read(server: Server, path: str) -> Reply:
        return server.request("GET", path, Authorization=f"Bearer {keys.read_key}")

    day = "/api/v1/stats/api/c/x/day/?date=2026-09-28&step=1&tz=Europe/Berlin"
    assert read(stranger, day).body == read(owner, day).body
    assert [point["sum"] for point in read(stranger, day).json["today"] if point] == [3]
    assert read(stranger, "/api/v1/errors/").json == read(owner, "/api/v1/errors/").json
    errors = read(stranger, "/api/v1/errors/").json
    assert [one["msg"] for one in errors["events"]] == ["boom"]
    assert read(stranger, f"/api/v1/errors/{errors['groups'][0]['key']}/").json["events"] == errors["events"]
    assert read(stranger, "/readyz").json == {"ok": True, "problems": []}


def test_a_page_hears_of_its_account_wherever_it_is_open(keys: Keys, fleet: Fleet, stranger: Server) -> None:
    url = f"ws://127.0.0.1:{stranger.port}/ws/live/"
    with connect(url, additional_headers={"Authorization": f"Bearer {keys.read_key}"}) as page:
        assert json.loads(page.recv(timeout=10))["type"] == "snapshot"
        fleet.web[0].commit(keys.key, body("api", partial("x", [7])))
        assert until(page, "x")["total"] == 7


def test_while_the_owner_is_away_clients_are_asked_to_come_again(fleet: Fleet, keys: Keys) -> None:
    owner, stranger = fleet.shards[0], fleet.web[0]
    commit = body("api", partial("x", [1]), iid="a", seq=1)
    assert stranger.commit(keys.key, commit).status == 200
    url = f"ws://127.0.0.1:{stranger.port}/ws/live/"
    with connect(url, additional_headers={"Authorization": f"Bearer {keys.read_key}"}) as page:
        before = json.loads(page.recv(timeout=10))
        assert before["type"] == "snapshot"
        owner.kill()
        begun = time.monotonic()
        refused = stranger.commit(keys.key, body("api", partial("x", [2]), iid="a", seq=2))
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert time.monotonic() - begun < 8
        assert stranger.request("GET", "/healthz").status == 200
        owner.start()
        again = body("api", partial("x", [2]), iid="a", seq=2)
        wait_for(lambda: stranger.commit(keys.key, again).status == 200, 10, "the owner to be back")
        assert stranger.commit(keys.key, commit).json == {"ok": True, "dup": True}
        wait_for(lambda: totals(stranger, keys) == {"x": 3}, 5, "all commits, once")
        # The new process counts its messages anew; the open page must not take them for old ones.
        next(received for received in messages(page) if received["type"] == "snapshot")


def test_while_redis_is_away_the_owner_goes_on_and_others_say_503(fleet: Fleet, keys: Keys) -> None:
    owner, stranger = fleet.shards
    fleet.stop_redis()
    assert owner.commit(keys.key, body("api", partial("x", [1]), iid="a", seq=1)).status == 200
    refused = stranger.commit(keys.key, body("api", partial("x", [2]), iid="a", seq=2))
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert stranger.request("GET", "/readyz").status == 503
    fleet.start_redis()
    again = body("api", partial("x", [2]), iid="a", seq=2)
    wait_for(lambda: stranger.commit(keys.key, again).status == 200, 20, "commits to be forwarded again")
    assert totals(stranger, keys) == {"x": 3}
    wait_for(lambda: stranger.request("GET", "/readyz").status == 200, 20, "the stranger to be whole again")


def test_all_stop_cleanly(fleet: Fleet) -> None:
    assert fleet.stop() == [0, 0, 0]


async def test_an_answer_that_makes_no_sense_leaves_nobody_waiting() -> None:
    layer = InMemoryChannelLayer()
    forwarder = Forwarder(layer)
    await forwarder.start()
    try:
        async with asyncio.timeout(PATIENCE - 1):
            on_its_way = asyncio.create_task(forwarder.forward(1, Forwarded("key", "", b"{}")))
            message = await layer.receive(engine_channel(1))
            # Begun in this order: the second commit waits behind the first when the answer comes.
            behind_it = forwarder.forward(1, Forwarded("key", "", b"{}"))
            nonsense = layer.send(message["reply"], {"type": "engine.reply", "id": message["id"], "answers": []})
            first, second, _ = await asyncio.gather(on_its_way, behind_it, nonsense)
            assert (first.status, second.status) == (503, 503)
    finally:
        forwarder.stop()
