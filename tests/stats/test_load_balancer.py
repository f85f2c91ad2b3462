"""The example configuration of nginx, with a real nginx in front of two real data servers."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from stats.answer import TOO_LARGE
from tests.fleet import Fleet
from tests.server import ROOT, Keys, Server, free_port, wait_for
from tests.stats.commits import body, partial
from tests.stats.test_live_websocket import until

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is missing: apt-get install nginx")


class Balanced:
    """Two data servers behind nginx, and an account on each."""

    def __init__(self, folder: Path) -> None:
        self.fleet = Fleet(folder, shards=2).start()
        self.keys = [self.fleet.account_on(shard) for shard in (0, 1)]
        self.front = Server(folder / "front")  # its port is nginx's, and nothing of it is started
        self.front.port = free_port(socket.SOCK_STREAM)
        self.front.url = f"http://127.0.0.1:{self.front.port}"
        (folder / "shards.map").write_text(self.fleet.shards[0].manage("shard_map").stdout)
        text = (ROOT / "deploy" / "nginx.conf").read_text().replace("listen 8080;", f"listen {self.front.port};")
        for shard, server in enumerate(self.fleet.shards):
            text = text.replace(f"127.0.0.1:800{shard}", f"127.0.0.1:{server.port}")
        (folder / "nginx.conf").write_text(text)
        options = f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;"
        command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", f"{folder}/nginx.log"]
        self._nginx = subprocess.Popen([*command, "-g", options])
        wait_for(self._listens, 10, "nginx to listen")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.front.port)) == 0

    def end(self) -> None:
        self._nginx.terminate()
        self._nginx.wait()
        self.fleet.end()


@pytest.fixture(scope="module")
def balanced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balanced]:
    balanced = Balanced(tmp_path_factory.mktemp("balanced"))
    yield balanced
    balanced.end()


def test_pages_and_websockets_come_through(balanced: Balanced) -> None:
    front, keys = balanced.front, balanced.keys[1]
    assert b"DaTtSs" in front.request("GET", "/").body
    origin = {"Origin": front.url}
    with connect(f"ws://127.0.0.1:{front.port}/ws/demo/", additional_headers=origin) as page:
        assert json.loads(page.recv(timeout=10))["type"] == "snapshot"
    bearer = {"Authorization": f"Bearer {keys.read_key}"}
    with connect(f"ws://127.0.0.1:{front.port}/ws/live/", additional_headers=bearer) as page:
        assert json.loads(page.recv(timeout=10))["type"] == "snapshot"
        front.commit(keys.key, body("api", partial("live", [7])))
        assert until(page, "live")["total"] == 7


def test_a_body_that_is_too_large_gets_the_servers_answer(balanced: Balanced) -> None:
    for server in (balanced.front, balanced.fleet.shards[0]):
        reply = server.request("PUT", f"/agg?auth={balanced.keys[0].key}", b" " * (1 << 20 | 1))
        assert (reply.status, reply.json) == (413, TOO_LARGE.body)
    fits = json.dumps(body("api", partial("fits", [1]))).encode().ljust(1 << 20)
    assert balanced.front.request("PUT", f"/agg?auth={balanced.keys[0].key}", fits).status == 200


def test_commits_reach_their_owner_without_forwarding(balanced: Balanced) -> None:
    """Without Redis nothing can be forwarded, so whatever is taken came straight to its owner."""
    balanced.fleet.stop_redis()

    def by_header(server: Server, keys: Keys) -> int:
        raw = json.dumps(body("api", partial("x", [1]))).encode()
        return server.request("PUT", "/agg", raw, Authorization=f"Bearer {keys.key}").status

    def by_query(server: Server, keys: Keys) -> int:
        return server.commit(keys.key, body("api", partial("x", [1])), "/api/v1/agg/").status

    for send in (by_header, by_query):
        assert [send(balanced.front, keys) for keys in balanced.keys * 3] == [200] * 6
    assert by_header(balanced.fleet.shards[0], balanced.keys[1]) == 503
