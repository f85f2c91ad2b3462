"""A server that is asked to stop loses nothing that it has acknowledged, and goes on where it was."""

import json
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from urllib.error import URLError

from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial

PATIENCE = 120.0  # seconds, after which a server that should stop has not


def send_until_refused(server: Server, keys: Keys, process: str, acknowledged: dict[str, int]) -> None:
    """Sends ones as fast as it can, until `PATIENCE` is over, and counts those that were acknowledged."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            reply = server.commit(keys.key, body(process, partial("x", [1])))
        except (URLError, OSError, HTTPException):
            return
        if reply.status == 503:  # come again: it has just heard of the account, or is about to stop
            continue
        if reply.status != 200:
            return
        acknowledged[process] = acknowledged.get(process, 0) + 1


def test_sigterm_in_the_middle_of_a_minute_loses_nothing(new_server: Callable[..., Server]) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(f"{keys.key}:udp:x:5c".encode(), ("127.0.0.1", server.udp_port))
    acknowledged: dict[str, int] = {}
    senders = [
        threading.Thread(target=send_until_refused, args=(server, keys, f"p{number}", acknowledged))
        for number in range(4)
    ]
    for sender in senders:
        sender.start()
    wait_for(lambda: sum(acknowledged.values()) > 200, 30, "some load")
    assert server.stop() == 0
    for sender in senders:
        sender.join()
    counted = {
        process: sum(float(line[1]) for line in server.lines(keys.account, process, "c", "x"))
        for process in acknowledged
    }
    # A commit whose answer was lost with the connection may be counted; none that was acknowledged may be missing.
    assert all(0 <= counted[process] - acknowledged[process] <= 1 for process in acknowledged), (counted, acknowledged)
    assert sum(float(line[1]) for line in server.lines(keys.account, "udp", "c", "x")) == 5

    server.start()
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    totals = {state["nam"]: state["stats"]["c"]["x"]["total"] for state in reply.json["processes"]}
    assert totals == {**counted, "udp": 5}
    server.commit(keys.key, body("p0", partial("x", [1])))
    server.stop()
    # In the same minute the line is added to, in the next one it gets a line of its own: the sum is right either way.
    assert sum(float(line[1]) for line in server.lines(keys.account, "p0", "c", "x")) == counted["p0"] + 1
    minutes = [line[0] for line in server.lines(keys.account, "p0", "c", "x")]
    assert minutes == sorted(set(minutes))


def test_the_last_errors_survive(new_server: Callable[..., Server]) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    for number in range(130):
        server.commit(keys.key, body("api", evt=[{"lvl": "error", "msg": f"boom {number}"}]))
    server.stop()
    lines = (server.data / "stats" / str(keys.account) / "errors").read_text().splitlines()
    assert [json.loads(line)["msg"] for line in lines] == [f"boom {number}" for number in range(30, 130)]
    server.start()
    server.commit(keys.key, body("api", evt=[{"lvl": "error", "msg": "after"}]))
    server.stop()
    lines = (server.data / "stats" / str(keys.account) / "errors").read_text().splitlines()
    assert [json.loads(line)["msg"] for line in lines][-2:] == ["boom 129", "after"]
