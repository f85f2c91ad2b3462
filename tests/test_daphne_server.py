"""Daphne as the site runs it: what it remembers of requests."""

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
import sys
from dattss_site.daphne_server import DaphneServer

async def application(scope, receive, send):
    if scope["path"] == "/fails":
        raise ValueError("on purpose")
    body = str(len(server.connections)).encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})

server = DaphneServer(application, endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1"])
server.run()
"""


def _answers(port: int, *paths: str) -> list[tuple[int, bytes]]:
    """Status and body of requests, one after the other on one connection."""
    found = []
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for path in paths:
            connection.request("GET", path)
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
