"""The health of processes on a real server: instances that are killed, a server that is killed, a process removed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial
from tests.web_browser import WebBrowser

PROGRAM = Path(__file__).with_name("instance_program.py")


@pytest.fixture
def program() -> Iterator[Callable[[Server, Keys, str], "subprocess.Popen[str]"]]:
    """Starts instances of a tracked program."""
    running: list[subprocess.Popen[str]] = []

    def start(server: Server, keys: Keys, name: str) -> "subprocess.Popen[str]":
        environment = {**server.environment, "DATTSS_AUTH_KEY": keys.key, "DATTSS_URL": server.url}
        running.append(
            subprocess.Popen([sys.executable, str(PROGRAM), name], env=environment, stdout=subprocess.PIPE, text=True)
        )
        out = running[-1].stdout
        assert out is not None
        assert out.readline() == "counting\n"
        return running[-1]

    yield start
    for one in running:
        with one:
            one.kill()


def health(server: Server, keys: Keys, name: str) -> dict[str, Any]:
    reply = server.request("GET", "/api/v1/processes/", Authorization=f"Bearer {keys.read_key}")
    assert reply.status == 200
    return next((process for process in reply.json["processes"] if process["nam"] == name), {})


def running(server: Server, keys: Keys, count: int) -> Callable[[], bool]:
    """Whether so many instances have said something and none of them is known to have ended."""

    def look() -> bool:
        found = health(server, keys, "web").get("instances", [])
        return len([one for one in found if not one["ended"]]) == count

    return look


def test_instances_that_are_killed_and_started_again(
    new_server: Callable[..., Server], program: Callable[[Server, Keys, str], "subprocess.Popen[str]"]
) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    first, _ = program(server, keys, "web"), program(server, keys, "web")
    wait_for(running(server, keys, 2), 10, "two instances")
    assert health(server, keys, "web")["restarts"] == 0
    for restarts in (1, 2):
        first.kill()
        first.wait()
        first = program(server, keys, "web")
        wait_for(lambda count=restarts: health(server, keys, "web")["restarts"] == count, 10, "the restart")  # type: ignore[misc]
    now = health(server, keys, "web")
    assert (now["state"], now["restarts_hour"], now["missing"]) == ("up", 2, 0)
    assert sum(one["ended"] for one in now["instances"]) == 2
    alive = next(one for one in now["instances"] if not one["ended"])
    assert (alive["hst"], alive["ver"]) == (os.uname().nodename, "python 0.1.0")
    assert alive["mem"] > 1 << 20

    server.kill()
    server.start()
    again = wait_for(lambda: health(server, keys, "web"), 10, "the process")
    assert (again["restarts"], len(again["instances"])) == (2, 4)
    server.stop()
    server.start()
    again = wait_for(lambda: health(server, keys, "web"), 10, "the process")
    assert (again["restarts"], again["missing"], len(again["instances"])) == (2, 0, 4)


def test_one_that_restarts_every_minute_is_called_so(server: Server, keys: Keys) -> None:
    for minute in range(6):
        fields = {"iid": f"run{minute}", "seq": 1, "upt": 5.0, "age": 360.0 - 60 * minute}
        assert server.commit(keys.key, body("cron", **fields)).status == 200
    now = health(server, keys, "cron")
    assert (now["restarts"], now["restarts_hour"], now["late"]) == (5, 5, 6)
    assert now["restarts_every"] == pytest.approx(60, abs=1)


def test_what_is_removed_stays_away_after_a_kill_and_comes_back_anew(new_server: Callable[..., Server]) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    old = body("old", partial("x", [4]), iid="a", seq=1, age=90.0, err=2)
    assert server.commit(keys.key, old).status == 200
    for name in ("old", "older"):
        assert server.commit(keys.key, body(name, partial("y", [4]), iid=name, seq=2, age=80.0)).status == 200
    assert server.commit(keys.key, body("api")).status == 200
    server.stop()  # now they have a .cur
    folder = server.data / "stats" / str(keys.account) / "current"
    assert {path.name for path in folder.iterdir()} == {"old.cur", "older.cur", "api.cur"}
    server.start()
    alice = WebBrowser.of(server, "alice@example.org")
    for name in ("old", "older"):
        assert alice.api("DELETE", f"processes/{name}/").status_code == 204
    server.kill()
    server.start()
    assert [health(server, keys, name) for name in ("old", "older")] == [{}, {}]
    assert health(server, keys, "api")["nam"] == "api"
    assert [line[1] for line in server.lines(keys.account, "old", "c", "x")] == ["4"]
    assert server.commit(keys.key, old).json == {"ok": True, "dup": True}
    assert server.commit(keys.key, body("old", partial("x", [1]), iid="b", seq=1)).status == 200
    anew = health(server, keys, "old")
    assert (anew["err"], anew["restarts"], anew["state"]) == (0, 0, "up")
    server.stop()
    assert {path.name for path in folder.iterdir()} == {"old.cur", "api.cur"}


def test_who_may_remove_what(server: Server, keys: Keys) -> None:
    owner = server.new_account("removes@example.org")
    alice = WebBrowser.of(server, "removes@example.org")
    server.commit(owner.key, body("gone", age=100.0))
    server.commit(owner.key, body("runs"))
    bearer = f"Bearer {owner.read_key}"
    assert server.request("DELETE", "/api/v1/processes/gone/", Authorization=bearer).status == 403
    assert WebBrowser(server).api("DELETE", "processes/gone/").status_code == 401
    server.new_account("removes.stranger@example.org")
    charlie = WebBrowser.of(server, "removes.stranger@example.org")
    assert charlie.api("DELETE", f"processes/gone/?account={owner.account}").status_code == 404
    assert charlie.api("DELETE", "processes/gone/").status_code == 404
    assert alice.api("POST", "processes/gone/", {}).status_code == 405
    for name, status in (("runs", 409), ("none", 404), ("..", 404), ("a%20b", 404), ("gone", 204), ("gone", 404)):
        assert alice.api("DELETE", f"processes/{name}/").status_code == status, name
    assert {name: health(server, owner, name) != {} for name in ("gone", "runs")} == {"gone": False, "runs": True}
    reply = server.request("GET", f"/a/{owner.account}/processes/")
    assert reply.status == 200  # the log-in page
