"""Daphne as the site runs it: what it remembers of requests."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from socket import SOCK_STREAM

import pytest

from tests.server import ROOT, START_SECONDS, free_port, wait_for

# An application that answers with the number of requests the server has in memory.
_SERVER = """
import asyncio
import sys
from dattss_site.daphne_server import DaphneServer
from stats.answer import Answer
from stats.asked import Lane

released = asyncio.Event()

def now(asked):
    return Answer(200, {"ok": len(server.connections), "body": asked.body.decode()})

def not_now(asked):
    return None

def now_fails(asked):
    raise ValueError("on purpose")

async def later(asked):
    await asyncio.sleep(0)
    return now(asked)

async def when_released(asked):
    await released.wait()
    return now(asked)

def release(asked):
    released.set()
    return now(asked)

async def later_fails(asked):
    await asyncio.sleep(0)
    raise ValueError("on purpose")

LANES = {
    b"/now": Lane(now, later_fails),
    b"/later": Lane(not_now, later),
    b"/when-released": Lane(not_now, when_released),
    b"/release": Lane(release, later_fails),
    b"/now-fails": Lane(now_fails, later),
    b"/later-fails": Lane(not_now, later_fails),
}

async def application(scope, receive, send):
    if scope["path"] == "/fails":
        raise ValueError("on purpose")
    body = str(len(server.connections)).encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})

endpoint = f"tcp:port={sys.argv[1]}:interface=127.0.0.1"
server = DaphneServer(application, endpoints=[endpoint], lanes=LANES)
server.run()
"""


def _answers(port: int, *paths: str, method: str = "GET") -> list[tuple[int, bytes]]:
    """Status and body of requests, one after the other on one connection."""
    found = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for path in paths:
            connection.request(method, path)
            answer = connection.getresponse()
            found.append((answer.status, answer.read()))
    return found


def _listens(port: int) -> bool:
    try:
        return bool(_answers(port, "/"))
    except OSError:
        return False


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server in a process of its own: Twisted has one reactor in each."""
    number = free_port(SOCK_STREAM)
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(number)], cwd=ROOT) as process:
        try:
            wait_for(lambda: _listens(number), START_SECONDS, "Daphne to listen")
            yield number
        finally:
            process.kill()


def test_a_request_that_was_answered_is_forgotten_before_the_next_one(port: int) -> None:
    assert _answers(port, *["/"] * 20) == [(200, b"1")] * 20


def test_an_application_that_fails_is_still_answered_for(port: int) -> None:
    assert _answers(port, "/fails", "/")[0][0] == 500


@pytest.mark.parametrize("path", ["/now", "/later", "/later?a=b"])
def test_what_is_answered_directly_is_forgotten_too(port: int, path: str) -> None:
    answers = [(status, json.loads(body)["ok"]) for status, body in _answers(port, *[path] * 20)]
    # Of those that failed in the tests before, Daphne itself has some in memory, for a second.
    assert answers[-1][0] == 200
    assert answers[-1][1] < 8


@pytest.mark.parametrize("path", ["/now-fails", "/later-fails"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_whoever_fails_to_answer_directly_is_answered_for(port: int, path: str, method: str) -> None:
    assert [status for status, _ in _answers(port, path, "/", method=method)] == [500, 200]


def test_requests_that_come_at_once_are_answered_in_their_order(port: int) -> None:
    paths = ["/now", "/later", "/now", "/later", "/later", "/now", "/now", "/now-fails", "/now"]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"".join(_put(path, number) for number, path in enumerate(paths)))
        answers = _in_turn(connection, len(paths))
    assert answers == [None if path == "/now-fails" else number for number, path in enumerate(paths)]


def test_a_request_waits_for_the_answer_to_the_one_before_it(port: int) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as first,
        socket.create_connection(("127.0.0.1", port), timeout=20) as second,
    ):
        first.sendall(_put("/when-released", 1))
        first.sendall(_put("/now", 2))
        second.sendall(_put("/release", 3))
        assert _in_turn(second, 1) == [3]
        assert _in_turn(first, 2) == [1, 2]


def _put(path: str, number: int) -> bytes:
    """A plain request."""
    return b"PUT %b HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%d" % (path.encode(), len(str(number)), number)


def _in_turn(connection: socket.socket, count: int) -> list[int | None]:
    """The numbers in so many answers, as they come; None for one that has none."""
    found: list[int | None] = []
    with connection.makefile("rb") as stream:
        for _ in range(count):
            length = 0
            while (line := stream.readline()) != b"\r\n":
                length = int(line[15:]) if line.startswith(b"Content-Length:") else length
            number = json.loads(stream.read(length)).get("body")
            found.append(None if number is None else int(number))
    return found
