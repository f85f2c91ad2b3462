"""Commits ready to be sent, as the Python client makes them of values: the load generators must not be slow."""

import json
import random
from collections.abc import Iterator
from copy import copy

from dattss.fold import Interval

_SEQ = 1_000_000  # the first; all have seven digits, so that a number can be put in its place


class Sender:
    """One tracked process with `stats` stats, half counters, half timers. Each `body()` is its next commit."""

    def __init__(self, name: str, stats: int, sketches: bool = True) -> None:
        commit = {
            "nam": name,
            "upt": 100.5,
            "mem": 52428800,
            "cpu": 3.5,
            "err": 0,
            "wrn": 0,
            "iid": _instance(name),
            "seq": _SEQ,
            "age": 0,
            "prt": partials(name, stats, sketches),
        }
        self.counted = {one["nam"]: one["sum"] for one in commit["prt"]["c"]}  # type: ignore[index]
        self.name = name
        self.sent = 0
        text = json.dumps(commit, separators=(",", ":"))
        before, after = text.split(str(_SEQ), 1)
        self._before, self._after = before.encode(), after.encode()

    def named(self, name: str) -> "Sender":
        """Another program that sends the same values: it takes a thousandth of the time to make."""
        other = copy(self)
        other.name = name
        for before, after in ((self.name, name), (_instance(self.name), _instance(name))):
            other._before = other._before.replace(f'"{before}"'.encode(), f'"{after}"'.encode(), 1)
        return other

    def body(self) -> bytes:
        """JSON of the next commit; all are of the same length."""
        self.sent += 1
        return b"%b%d%b" % (self._before, _SEQ + self.sent, self._after)


def _instance(name: str) -> str:
    """What the program has for its `iid`."""
    return random.Random(name).randbytes(16).hex()


def partials(name: str, stats: int, sketches: bool) -> dict[str, list[dict[str, object]]]:
    """One interval of a program: of each stat some values, as the client folds them."""
    draw = random.Random(name)
    interval = Interval()
    for number in range(stats):
        texts = [f"{int(draw.lognormvariate(4, 0.6))}ms" if number % 2 else "1c" for _ in range(40)]
        interval.add_texts(f"service.query.{number:05}", texts)
    taken: dict[str, list[dict[str, object]]] = json.loads(json.dumps(interval.take()))
    if not sketches:
        for partial in taken["ms"]:
            partial.pop("skt", None)
    return taken


def requests(senders: list[Sender], key: str) -> Iterator[bytes]:
    """Endless requests `PUT /agg`, one sender after the other."""
    head = f"PUT /agg HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    start = head.encode()
    while True:
        for sender in senders:
            body = sender.body()
            yield b"%bContent-Length: %d\r\n\r\n%b" % (start, len(body), body)
