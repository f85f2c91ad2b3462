"""Exceptions of real programs - gunicorn, Celery, asyncio, Node - are on the page within a second, with their stack,
once."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import dattss
import pytest
from websockets.sync.client import ClientConnection

from tests.clientlib.test_nodejs import NODE
from tests.server import ROOT, Keys, Server, free_port, wait_for
from tests.stats.test_live_websocket import messages, watching

PROGRAMS = "tests.clientlib.programs"


@contextmanager
def running(command: list[str], server: Server, keys: Keys, **environment: str) -> Iterator[None]:
    """The program in a process of its own, and all that it starts, until the end of the block."""
    paths = f"{ROOT / 'clientlib' / 'python'}{os.pathsep}{ROOT}"
    settings = {"DATTSS_URL": server.url, "DATTSS_AUTH_KEY": keys.key, "PYTHONPATH": paths, **environment}
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with subprocess.Popen(
        command, env={**environ, **settings}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        try:
            yield
        finally:
            program.terminate()
            program.wait(30)


def next_event(socket: ClientConnection) -> tuple[dict[str, Any], float]:
    """The next error on the page, and how many seconds after it was raised: its message has the time."""
    errors = (one["event"] for one in messages(socket) if one["type"] == "event" and one["event"]["lvl"] == "error")
    event: dict[str, Any] = next(errors)
    raised = re.search(r"broken at ([0-9.]+)", event["msg"])
    assert raised, event
    return event, time.time() - float(raised[1])


def counted(server: Server, keys: Keys) -> tuple[int, list[int]]:
    """Errors of the account's process, and those of each group."""
    processes = _answer(server, keys, "processes")
    groups = _answer(server, keys, "errors")["groups"]
    return sum(process["err"] for process in _listed(processes)), [group["cnt"] for group in groups]


def _answer(server: Server, keys: Keys, what: str) -> Any:
    return server.request("GET", f"/api/v1/{what}/", Authorization=f"Bearer {keys.read_key}").json


def _listed(answer: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer["processes"] if isinstance(answer, dict) else answer
    return found


def is_told_once(server: Server, keys: Keys, process: str, listener: ClientConnection, innermost: str) -> None:
    event, seconds = next_event(listener)
    assert (event["nam"], event["typ"], event["cnt"]) == (process, "RuntimeError", 1)
    assert innermost in event["trc"]
    assert 'raise RuntimeError(f"broken at {time.time()}")' in event["trc"]
    assert seconds < 1.0
    settled(server, keys, process)
    assert counted(server, keys) == (1, [1])


def settled(server: Server, keys: Keys, process: str) -> None:
    """Waits for the regular commit after the error, which would bring what was told a second time."""
    wait_for(lambda: _uptime(server, keys, process) > 5.5, 20, "another commit")


def _uptime(server: Server, keys: Keys, process: str) -> float:
    processes = _listed(_answer(server, keys, "processes"))
    return max((float(one["upt"] or 0) for one in processes if one["nam"] == process), default=0.0)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def test_an_exception_in_a_django_view_under_gunicorn(server: Server, keys: Keys) -> None:
    port = free_port(socket.SOCK_STREAM)
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", f"{PROGRAMS}.django_shop"]
    with running(command, server, keys), watching(server, keys.read_key) as listener:
        wait_for(lambda: _answers(f"http://127.0.0.1:{port}/"), 30, "gunicorn")
        with pytest.raises(HTTPError) as failed:
            urlopen(f"http://127.0.0.1:{port}/checkout/", timeout=10)
        failed.value.close()
        is_told_once(server, keys, "shop", listener, "in checkout")


def test_an_exception_in_a_task_of_a_prefork_worker(server: Server, keys: Keys, tmp_path: Path) -> None:
    environment = {"MILL": str(tmp_path)}
    app = f"{PROGRAMS}.celery_mill"
    worker = [sys.executable, "-m", "celery", "-A", app, "worker", "-P", "prefork", "-c", "2", "--without-gossip"]
    with running(worker, server, keys, **environment), watching(server, keys.read_key) as listener:
        asking = f"from {app} import grind; grind.delay()"
        subprocess.run(
            [sys.executable, "-c", asking],
            env={**os.environ, **environment, "PYTHONPATH": f"{ROOT / 'clientlib' / 'python'}{os.pathsep}{ROOT}"},
            check=True,
        )
        is_told_once(server, keys, "mill", listener, "in grind")


def test_an_exception_in_a_forgotten_task_of_asyncio(server: Server, keys: Keys) -> None:
    command = [sys.executable, "-m", f"{PROGRAMS}.asyncio_bot"]
    with watching(server, keys.read_key) as listener, running(command, server, keys):
        is_told_once(server, keys, "bot", listener, "in forgotten")


def test_hostile_texts_arrive_cut_and_whole(server: Server, keys: Keys) -> None:
    """What JSON, files or pages might choke on: no commit is refused for it."""
    texts = ["\ud800 half", "nul \x00 nul", "\x1b[31mred", "\u202eleft", "<script>alert(1)</script>", "x" * 10_000_000]
    dts = dattss.process("hostile", auth=keys.key, url=server.url, interval=3600)
    for number, text in enumerate(texts):
        dts.error(f"text {number}: %s", text)  # a template each
    assert dts.stop(20)
    *short, long = [event["msg"] for event in _answer(server, keys, "errors")["events"]]
    assert short == [f"text {number}: {text}".replace("\ud800", "\\ud800") for number, text in enumerate(texts[:-1])]
    assert long.endswith("x\n[cut: it had 10,000,008 characters]")
    assert len(long) < 16_384


@pytest.mark.skipif(NODE is None, reason="no node; install it with: apt-get install nodejs")
def test_an_error_of_which_a_node_program_dies(server: Server, keys: Keys) -> None:
    command = [str(NODE), str(ROOT / "tests" / "clientlib" / "programs" / "market.js")]
    with watching(server, keys.read_key) as listener, running(command, server, keys):
        event, seconds = next_event(listener)
    assert (event["nam"], event["typ"], event["cnt"]) == ("market", "RangeError", 1)
    assert "at Timeout.sell [as _onTimeout]" in event["trc"]
    assert seconds < 1.0
    assert counted(server, keys) == (1, [1])
