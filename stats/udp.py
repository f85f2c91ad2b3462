"""Values over UDP: `KEY:PROCESS:STAT:VALUE`, several lines a datagram, aggregated here as a client would."""

import asyncio
import logging
import os
import socket
import time
from collections import deque
from pathlib import Path
from typing import Any, Self, cast

import msgspec
from dattss.fold import Interval
from dattss.values import is_name, parse_value

from accounts.keys import KEY_PATTERN
from accounts.keytable import KeyEntry
from stats.aggregation.commit import OLDEST, decode
from stats.aggregation.pages import SLOT_SECONDS
from stats.shard import Shard

_RECEIVE_BUFFER = 4 * 1024 * 1024  # bytes; the kernel drops what does not fit while the loop is busy
log = logging.getLogger("dattss.udp")

_MOST_KEPT = 10_000  # commits that wait for the journal; the oldest are lost beyond
_MOST_UNKNOWN = 10_000  # lines
_MOST_PENDING = 100_000  # stats that wait for the next fold, all accounts together


class UdpIntake(asyncio.DatagramProtocol):
    """Collects the values of each process for 5 s and then applies them as a commit."""

    def __init__(self, shard: Shard) -> None:
        self.lines = 0
        self.bad = 0
        self._shard = shard
        self._intervals: dict[tuple[KeyEntry, str], Interval] = {}
        self._unknown: list[bytes] = []
        self._pending = 0
        self._kept: deque[tuple[KeyEntry, dict[str, Any], float]] = deque(maxlen=_MOST_KEPT)
        self._transport: asyncio.DatagramTransport | None = None
        self._inode = 0
        self._drops_told = 0

    @classmethod
    async def open(cls, host: str, port: int, shard: Shard) -> Self:
        """Listens on `host`:`port`. Raises OSError where that is not possible."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        sock.setblocking(False)
        try:
            sock.bind((host, port))
        except OSError as problem:
            sock.close()
            raise OSError(
                problem.errno, f"UDP port {port} cannot be opened: {problem.strerror}. Set UDP_PORT."
            ) from None
        inode = os.fstat(sock.fileno()).st_ino
        _, intake = await asyncio.get_running_loop().create_datagram_endpoint(lambda: cls(shard), sock=sock)
        intake._inode = inode
        shard.spawn(intake._fold_forever())
        return intake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  (asyncio's signature)
        for line in data.splitlines():
            if line.strip():
                self.lines += 1
                self.bad += not self._take(line, last=False)

    def fold(self) -> None:
        """Applies what was collected, one commit a process, and reports how the lines went."""
        unknown, self._unknown = self._unknown, []
        self.bad += sum(not self._take(line, last=True) for line in unknown)
        intervals, self._intervals, self._pending = self._intervals, {}, 0
        for (entry, process), interval in intervals.items():
            self._kept.append((entry, {"nam": process, "prt": interval.take()}, time.time()))
        self._apply()
        drops = kernel_drops(self._inode)
        self._shard.watch.udp(self.lines, self.bad, drops - self._drops_told)
        self.lines = self.bad = 0
        self._drops_told = drops

    def _apply(self) -> None:
        """Applies what was folded; what the journal cannot take now is kept, and comes late."""
        while self._kept:
            entry, content, folded = self._kept[0]
            content["age"] = min(max(time.time() - folded, 0.0), OLDEST)
            body = msgspec.json.encode(content)
            try:
                self._shard.take(entry, decode(body), body)
            except OSError as problem:
                log.error("Values from UDP are kept until there is room: %s", problem)  # noqa: TRY400
                return
            self._kept.popleft()

    def close(self) -> None:
        """Stops listening; what was collected is applied."""
        if self._transport is not None:
            self._transport.close()
        self.fold()

    def _take(self, line: bytes, *, last: bool) -> bool:
        """Whether the line is a value of a known key.

        A key may be younger than the table of keys: a line with an unknown one waits for the next fold, its `last`
        chance.
        """
        try:
            key, process, rest = line.strip().decode("ascii").split(":", 2)
        except ValueError:  # not ASCII, or too few parts
            return False
        stat, _, text = rest.rpartition(":")
        value = parse_value(text)
        if value is None or not (is_name(process) and is_name(stat)):
            return False
        entry = self._shard.keys.lookup(key)
        if entry is None and not last and len(self._unknown) < _MOST_UNKNOWN and KEY_PATTERN.fullmatch(key):
            self._unknown.append(line)
            return True
        if entry is None or entry.scope != "ingest":
            return False
        interval = self._intervals.setdefault((entry, process), Interval())
        before = len(interval)
        if self._pending >= _MOST_PENDING:
            return False
        number, kind, emphasis = value
        interval.add(stat, kind, number, emphasis)
        self._pending += len(interval) - before
        return True

    async def _fold_forever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + SLOT_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())
            self.fold()


def kernel_drops(inode: int) -> int:
    """Datagrams that the kernel dropped for the socket with this inode; 0 where there is no /proc to tell."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[9] == str(inode):
                return int(fields[-1])
    return 0
