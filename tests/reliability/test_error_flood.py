"""Floods of errors from programs that use the Python client: counted exactly, whatever the server meets, and cheap."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.server import ROOT, Keys, Server, wait_for

PROGRAMS = 4
MEMORY = 60_000_000  # bytes by which a server may grow in a flood: it keeps a hundred events and a group


def flood(server: Server, keys: Keys, count: int, seconds: float) -> list["subprocess.Popen[str]"]:
    """Programs that tell of `count` errors each."""
    paths = f"{ROOT / 'clientlib' / 'python'}{os.pathsep}{ROOT}"
    environment = {**os.environ, "DATTSS_URL": server.url, "DATTSS_AUTH_KEY": keys.key, "PYTHONPATH": paths}
    return [
        subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.flood", f"p{number}", str(count), str(seconds)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROGRAMS)
    ]


def reports(programs: list["subprocess.Popen[str]"]) -> list[dict[str, Any]]:
    """What they print at their end: all was delivered."""
    found = []
    for program in programs:
        told, _ = program.communicate(timeout=240)
        found.append(json.loads(told))
    assert all(report["delivered"] for report in found)
    return found


def counted(server: Server, keys: Keys) -> dict[str, Any]:
    """The groups' counts by process, each process's own count, and how many events the last 100 have."""
    bearer = f"Bearer {keys.read_key}"
    errors = server.request("GET", "/api/v1/errors/", Authorization=bearer).json
    current = server.request("GET", "/api/v1/current/", Authorization=bearer).json["processes"]
    return {
        "groups": [group["nam"] for group in errors["groups"]],
        "processes": {process["nam"]: process["err"] for process in current},
        "kept": len(errors["events"]),
    }


def expected(count: int) -> dict[str, int]:
    return {f"p{number}": count for number in range(PROGRAMS)}


def assert_exact(server: Server, keys: Keys, count: int) -> None:
    found = counted(server, keys)
    assert found["groups"] == [expected(count)]  # the four run the same program, so theirs is the same error
    assert found["processes"] == expected(count)
    assert found["kept"] <= 100


def wait_for_errors(server: Server, keys: Keys, last: int) -> None:
    """Returns when some have come since it was called, or all: on a busy machine a server may take longer to start than
    the flood lasts, and have the rest of it at once."""
    before = arrived(server, keys)
    wait_for(lambda: arrived(server, keys) > before or before == last, 60, f"errors after the first {before}")


def arrived(server: Server, keys: Keys) -> int:
    return sum(counted(server, keys)["processes"].values())


def memory(server: Server) -> int:
    return int(psutil.Process(server.pid).memory_info().rss)


@pytest.mark.parametrize("count", [5_000, pytest.param(250_000, marks=pytest.mark.soak)])
def test_a_flood_is_counted_exactly_and_takes_no_memory(
    new_server: Callable[..., Server], count: int, record_property: Callable[[str, object], None]
) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    before = memory(server)
    told = reports(flood(server, keys, count, seconds=count / 25_000))
    assert_exact(server, keys, count)
    assert memory(server) - before < MEMORY
    record_property("flood", {"programs": told, "memory": memory(server) - before})


@pytest.mark.parametrize("count", [10_000, pytest.param(250_000, marks=pytest.mark.soak)])
def test_a_server_that_is_killed_in_a_flood_loses_and_doubles_nothing(
    new_server: Callable[..., Server], count: int
) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    programs = flood(server, keys, count, seconds=10.0)
    for _ in range(2):
        wait_for_errors(server, keys, PROGRAMS * count)
        server.kill()
        server.start()
    reports(programs)
    assert_exact(server, keys, count)
    server.stop()
    server.start()
    assert_exact(server, keys, count)
