"""A load generator on bare sockets: some 30,000 requests a second on a core where servers here answer a few thousand.

One process, several keep-alive connections, one request at a time on each.
"""

import re
import select
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.commits import Sender, requests

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")
_SLACK = 5.0  # seconds without any answer after which the server has failed


class Answered(NamedTuple):
    """A request: Unix time at which it was due, and seconds from then until the answer was there."""

    at: float
    took: float


class LoadError(RuntimeError):
    """The server refused, or does not answer."""


class _Connection:
    def __init__(self, port: int, source: Iterator[bytes], senders: int = 0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.senders = senders
        self.due = 0.0
        self._source = source
        self._got = b""

    def send(self, due: float) -> None:
        self.due = due
        self.socket.sendall(next(self._source))

    def answered(self) -> bool:
        """Reads what there is; True when the whole answer is there. Raises LoadError for another one than 200."""
        chunk = self.socket.recv(65536)
        self._got = self._got + chunk if self._got else chunk
        end = self._got.find(b"\r\n\r\n")
        if end < 0 and chunk:
            return False
        length = _LENGTH.search(self._got, 0, end + 2)
        if not self._got.startswith(b"HTTP/1.1 200") or length is None:
            raise LoadError(f"answered {self._got[:300]!r}")
        if len(self._got) < end + 4 + int(length[1]):
            return False
        self._got = b""
        return True


class Load:
    """Connections to the server on `port`, each with senders of its own."""

    def __init__(self, port: int, key: str, groups: list[list[Sender]]) -> None:
        self._open([_Connection(port, requests(senders, key), len(senders)) for senders in groups])

    @classmethod
    def of(cls, port: int, sources: list[Iterator[bytes]]) -> "Load":
        """Connections with requests of their own: several keys, say."""
        load = cls.__new__(cls)
        load._open([_Connection(port, source) for source in sources])
        return load

    def _open(self, connections: list[_Connection]) -> None:
        self._poll = select.epoll()
        self._busy: dict[int, _Connection] = {}
        self._free = connections
        for one in self._free:
            self._poll.register(one.socket, select.EPOLLIN)

    def flood(self, seconds: float) -> list[Answered]:
        """As many as the server takes."""
        end = time.time() + seconds
        done: list[Answered] = []
        while self._busy or time.time() < end:
            while self._free and time.time() < end:
                self._send(time.time())
            done += self._collect(_SLACK)
        return done

    def once(self) -> list[Answered]:
        """One request of each sender, as fast as the server takes them."""
        done: list[Answered] = []
        left = {one: one.senders for one in self._free}
        while self._busy or any(left.values()):
            for one in [one for one in self._free if left[one]]:
                left[one] -= 1
                self._send(time.time(), one)
            done += self._collect(_SLACK)
        return done

    def steady(self, rate: float, until: float) -> list[Answered]:
        """`rate` requests a second up to the Unix time `until`; a late one counts from when it was due."""
        done: list[Answered] = []
        due = time.time()
        while due < until or self._busy:
            while self._free and due <= min(time.time(), until):
                self._send(due)
                due += 1 / rate
            wait = _SLACK if due >= until or not self._free else max(due - time.time(), 0.0)
            done += self._collect(wait, must=wait == _SLACK)
        return done

    def close(self) -> None:
        for one in self._free:
            one.socket.close()
        self._poll.close()

    def _send(self, due: float, one: _Connection | None = None) -> None:
        one = one or self._free[0]
        self._free.remove(one)
        one.send(due)
        self._busy[one.socket.fileno()] = one

    def _collect(self, wait: float, must: bool = True) -> Iterator[Answered]:
        events = self._poll.poll(wait)
        if not events and must and self._busy:
            raise LoadError(f"no answer within {wait} s")
        for descriptor, _ in events:
            one = self._busy[descriptor]
            if one.answered():
                del self._busy[descriptor]
                self._free.append(one)
                yield Answered(one.due, time.time() - one.due)


def senders(processes: int, stats: int, sketches: bool = True) -> list[Sender]:
    """Tracked processes of `stats` stats each."""
    return [Sender(f"program-{number:05}", stats, sketches) for number in range(processes)]


def dealt(all_senders: list[Sender], connections: int) -> list[list[Sender]]:
    """The senders dealt out to connections."""
    return [all_senders[number::connections] for number in range(connections)]


def flood(port: int, key: str, seconds: float, connections: int, processes: int) -> float:
    """For a child: answers a second to commits of 20 partials."""
    load = Load(port, key, dealt(senders(processes, 20), connections))
    load.flood(min(1.0, seconds))  # connections are open, stats are known
    started = time.perf_counter()
    done = len(load.flood(seconds))
    return done / (time.perf_counter() - started)
