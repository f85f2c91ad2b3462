"""A ledger of every value that was sent, and the senders that keep it: at the end the files must say the same."""

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from urllib.error import URLError

from tests.server import Keys, Server
from tests.stats.commits import body, partial

GIVE_UP_SECONDS = 90.0


class Sender(threading.Thread):
    """A client that numbers its commits and sends each until it is acknowledged, as the real ones do; and then, to
    see whether it counts twice, sometimes once more."""

    def __init__(self, server: Server, keys: Keys, name: str, until: Callable[[], bool]) -> None:
        super().__init__()
        self._server = server
        self._keys = keys
        self._process = name
        self._until = until
        self.sums = {"c": 0.0, "ms": 0.0}
        self.acknowledged = 0
        self.problem = ""

    def run(self) -> None:
        number = 0
        while not self._until():
            values: dict[str, list[float]] = {"c": [number % 7 + 1], "ms": [number % 11, number % 13 + 0.5]}
            commit = body(
                self._process,
                partial("count", values["c"]),
                partial("time", values["ms"], "ms"),
                iid=f"iid-{self._process}",
                seq=number,
                evt=[{"lvl": "error", "msg": f"{self._process} {number}"}] if number % 50 == 0 else [],
            )
            if not self._deliver(json.dumps(commit).encode()):
                return
            self.sums["c"] += sum(values["c"])
            self.sums["ms"] += sum(values["ms"])
            self.acknowledged += 1
            number += 1

    def _deliver(self, raw: bytes) -> bool:
        made = time.monotonic()
        repeats = 2 if self.acknowledged % 3 == 0 else 1
        while repeats:
            if time.monotonic() - made > GIVE_UP_SECONDS:
                self.problem = "no answer for too long"
                return False
            aged = json.loads(raw) | {"age": time.monotonic() - made}
            try:
                reply = self._server.request(
                    "PUT", "/agg", json.dumps(aged).encode(), Authorization=f"Bearer {self._keys.key}"
                )
            except (URLError, OSError, HTTPException):
                continue
            if reply.status == 200:
                repeats -= 1
            elif reply.status != 503:
                self.problem = f"answered {reply.status}: {reply.body[:200]!r}"
                return False
        return True


def on_disk(server: Server, keys: Keys, process: str) -> dict[str, float]:
    """What the files say: the sums of all lines, by type."""
    sums: dict[str, float] = {}
    for kind, name in (("c", "count"), ("ms", "time")):
        lines = server.lines(keys.account, process, kind, name)
        sums[kind] = sum(float(line[1]) for line in lines)
        minutes = [line[0] for line in lines]
        assert minutes == sorted(set(minutes)), f"{process} {kind}: minutes out of order or twice: {minutes}"
    return sums


def live(server: Server, keys: Keys) -> dict[str, float]:
    """The live totals of the counters, by process."""
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    return {state["nam"]: state["stats"]["c"]["count"]["total"] for state in reply.json["processes"]}
