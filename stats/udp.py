"""Values over UDP: `KEY:PROCESS:STAT:VALUE`, several lines a datagram, aggregated here as a client would."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

import msgspec
from dattss.fold import Interval
from dattss.values import is_name, parse_value

from accounts.keys import KEY_PATTERN
from stats import ingest
from stats.aggregation.commit import OLDEST
from stats.aggregation.pages import SLOT_SECONDS
from stats.keyring import Keyring, KeysAwayError
from stats.meter import UDP_INSTANCE
from stats.rounds import every
from stats.selfwatch import SelfWatch

_RECEIVE_BUFFER = 4 * 1024 * 1024  # bytes; the kernel drops what does not fit while the loop is busy
log = logging.getLogger("dattss.udp")

_MOST_KEPT = (
    10_000  # commits that wait for their owner, and of one fold; of those that wait, the oldest are lost beyond
)
_MOST_AT_ONCE = 500  # commits that are handed in side by side
_MOST_UNKNOWN = 10_000  # lines
_MOST_PENDING = 100_000  # stats that wait for the next fold, all accounts together


class _Sender(NamedTuple):
    """Whose values belong together: a process of those that use a key. An account may have several keys."""

    key: str
    key_id: int
    process: str


class _Folded(NamedTuple):
    """A commit that waits to be taken: its key, its content but for the `age`, the Unix time it was folded at, and the
    IP address that the key's last value came from."""

    key: str
    content: dict[str, Any]
    at: float
    address: str | None


class UdpIntake(asyncio.DatagramProtocol):
    """Collects the values of each process for 5 s and then commits them, as any client would: to the shard of this
    process or, through it, to another one."""

    def __init__(self, keys: Keyring, watch: SelfWatch) -> None:
        self.lines = 0
        self.bad = 0
        self._keys = keys
        self._watch = watch
        self._instance = f"{UDP_INSTANCE}{secrets.token_hex(8)}"
        self._numbers: dict[int, int] = {}  # of the last commit of each key
        self._intervals: dict[_Sender, Interval] = {}
        self._addresses: dict[int, str] = {}  # that the values of each key came from last
        self._unknown: list[tuple[bytes, str]] = []
        self._pending = 0
        self._kept: deque[_Folded] = deque(maxlen=_MOST_KEPT)
        self._sending = asyncio.Lock()
        self._rounds: asyncio.Task[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._inode = 0
        self._drops_told = 0

    @classmethod
    async def open(cls, host: str, port: int, keys: Keyring, watch: SelfWatch) -> Self:
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
        _, intake = await asyncio.get_running_loop().create_datagram_endpoint(lambda: cls(keys, watch), sock=sock)
        intake._inode = inode
        intake._rounds = asyncio.get_running_loop().create_task(every(SLOT_SECONDS, intake.fold))
        return intake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        for line in data.splitlines():
            if line.strip():
                self.lines += 1
                self.bad += not self._take(line, addr[0], last=False)

    async def fold(self) -> None:
        """Commits what was collected, one commit a process, and reports how the lines went."""
        await self._look_at_unknown()
        intervals, self._intervals, self._pending = self._intervals, {}, 0
        self._kept.extend(self._folded(*one) for one in intervals.items())
        self._addresses.clear()
        await self._commit()
        drops = kernel_drops(self._inode)
        self._watch.udp(self.lines, self.bad, drops - self._drops_told)
        self.lines = self.bad = 0
        self._drops_told = drops

    async def _look_at_unknown(self) -> None:
        """Takes the lines whose keys were not in the table when they came, by a table that is younger than they are."""
        waited = len(self._unknown)
        if waited:
            with contextlib.suppress(KeysAwayError):  # then the table that there is decides
                await self._keys.fresh()
            unknown, self._unknown = self._unknown[:waited], self._unknown[waited:]
            self.bad += sum(not self._take(*one, last=True) for one in unknown)

    def _folded(self, sender: _Sender, interval: Interval) -> _Folded:
        """The next commit of a key, which is an instance of its own: so its numbers have no gaps, and no twins."""
        number = self._numbers[sender.key_id] = self._numbers.get(sender.key_id, -1) + 1
        instance = f"{self._instance}-{sender.key_id}"
        content = {"nam": sender.process, "iid": instance, "seq": number, "prt": interval.take()}
        return _Folded(sender.key, content, time.time(), self._addresses.get(sender.key_id))

    async def _commit(self) -> None:
        """Hands in what was folded; what cannot be kept or has no owner now stays here, and comes late."""
        async with self._sending:
            kept, self._kept = list(self._kept), deque(maxlen=_MOST_KEPT)
            for start in range(0, len(kept), _MOST_AT_ONCE):
                some = kept[start : start + _MOST_AT_ONCE]
                taken = await asyncio.gather(*map(self._hand_in, some))
                self._kept.extend(one for one, done in zip(some, taken, strict=True) if not done)
            if self._kept:
                log.error("%d commits from UDP are kept until they can be taken.", len(self._kept))

    async def _hand_in(self, folded: _Folded) -> bool:
        """Whether a commit is done with: taken, or refused for good."""
        age = min(max(time.time() - folded.at, 0.0), OLDEST)
        body = msgspec.json.encode({**folded.content, "age": age})
        answer = await ingest.accept(folded.key, "", body, folded.address)
        return answer.status not in (429, 503)

    async def close(self) -> None:
        """Stops listening; what was collected is committed."""
        if self._transport is not None:
            self._transport.close()
        async with self._sending:  # a round that was cut off while it hands in would take its commits with it
            if self._rounds is not None:
                self._rounds.cancel()
        await self.fold()

    def _take(self, line: bytes, address: str, *, last: bool) -> bool:
        """Whether the line, which came from that IP address, is a value of a known key.

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
        entry = self._keys.table.lookup(key)
        if entry is None and not last and len(self._unknown) < _MOST_UNKNOWN and KEY_PATTERN.fullmatch(key):
            self._unknown.append((line, address))
            return True
        if entry is None or entry.scope != "ingest":
            return False
        interval = self._interval(_Sender(key, entry.key_id, process))
        if interval is None:
            return False
        before = len(interval)
        number, kind, emphasis = value
        interval.add(stat, kind, number, emphasis)
        self._addresses[entry.key_id] = address
        self._pending += len(interval) - before
        return True

    def _interval(self, sender: _Sender) -> Interval | None:
        """Where the values of a sender go; None where too much waits for the next fold already."""
        if self._pending >= _MOST_PENDING:
            return None
        interval = self._intervals.get(sender)
        if interval is None and len(self._intervals) < _MOST_KEPT:
            interval = self._intervals[sender] = Interval()
        return interval


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
