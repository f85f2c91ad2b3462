"""Commits that reach a process which does not own their account's shard: on to the owner, and its answers back.

    engine-SHARD    {"type": "engine.commits", "reply": CHANNEL, "id": 7, "at": 1763900000.1,
                     "commits": [(KEY, CONTENT-ENCODING, BODY, IP ADDRESS), …]}
    CHANNEL         {"type": "engine.reply", "id": 7, "answers": [(STATUS, JSON BODY, RETRY-AFTER or None), …]}

A message through Redis costs as much as some ten commits, so they travel together: while one message to a shard is
under way, what comes gathers for the next. Under load messages get larger, never more numerous. Nobody is told that a
commit was taken before its owner has journaled it.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer
from redis.exceptions import RedisError

from stats.answer import OK, UNAVAILABLE, Answer
from stats.engine_channel import engine_channel

log = logging.getLogger("dattss.forwarding")

PATIENCE = 5.0  # seconds until an owner that does not answer is taken to be away
STALE = 30.0  # seconds after which an owner leaves a message alone: its sender has given up long ago
MOST_COMMITS = 256  # of a message
MOST_BYTES = 1 << 20  # of a message; the commit that comes over it is the last
_MOST_WAITING = 32 << 20  # bytes that wait for a shard; beyond, clients keep their commits themselves
_RETRY_SECONDS = 0.5
_OK = [OK.status, OK.body, OK.retry_after]  # nearly all: the same one, which HTTP has encoded already
_AWAY = (RedisError, OSError, ChannelFull, TimeoutError)


class Forwarded(NamedTuple):
    """A commit as it came: the raw key, the `Content-Encoding`, the body, and the IP address of who sent it."""

    key: str
    encoding: str
    body: bytes
    address: str | None = None


class Forwarder:
    """The way from this process to the owners of other shards, over the channel layer."""

    def __init__(self, layer: BaseChannelLayer) -> None:
        self._layer = layer
        self._lanes: dict[int, _Lane] = {}
        self._replies: dict[int, asyncio.Future[list[Any]]] = {}
        self._channel = ""
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begins to listen to answers."""
        # With a prefix of its own the Redis layer would wait behind other receivers: its lock knows one prefix only.
        self._channel = await self._layer.new_channel()
        self.spawn(self._listen())

    def stop(self) -> None:
        """Listens no more; what waits is answered 503."""
        for task in self._tasks:
            task.cancel()
        for lane in self._lanes.values():
            lane.refuse()

    async def forward(self, shard: int, commit: Forwarded) -> Answer:
        """The owner's answer, or 503 where it cannot be had. Then the owner may have taken the commit all the same: a
        client that sends it again with its `iid` and `seq` is told `dup`."""
        lane = self._lanes.setdefault(shard, _Lane(shard, self._exchange, self.spawn))
        return await lane.put(commit)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _exchange(self, shard: int, commits: list[Forwarded]) -> list[Any]:
        """The owner's answers to some commits. Raises one of `_AWAY`."""
        self._number += 1
        number = self._number
        answered = self._replies[number] = asyncio.get_running_loop().create_future()
        message = {"type": "engine.commits", "reply": self._channel, "id": number, "at": time.time()}
        try:
            async with asyncio.timeout(PATIENCE):
                await self._layer.send(engine_channel(shard), {**message, "commits": commits})
                answers: list[Any] = await answered
                return answers
        finally:
            del self._replies[number]

    async def _listen(self) -> None:
        while True:
            try:
                reply = await self._layer.receive(self._channel)
            except Exception as problem:  # noqa: BLE001  (Redis may be away: answers are heard again later)
                log.error("Answers of other shards cannot be heard (%s); trying again.", problem)  # noqa: TRY400
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            waiting = self._replies.get(reply["id"])
            if waiting is not None and not waiting.done():
                waiting.set_result(reply["answers"])


class _Lane:
    """What waits for one shard. One message is under way at a time."""

    def __init__(
        self,
        shard: int,
        exchange: Callable[[int, list[Forwarded]], Coroutine[Any, Any, list[Any]]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._shard = shard
        self._exchange = exchange
        self._spawn = spawn
        self._waiting: deque[tuple[Forwarded, asyncio.Future[Answer]]] = deque()
        self._bytes = 0
        self._busy = False

    async def put(self, commit: Forwarded) -> Answer:
        if self._bytes + len(commit.body) > _MOST_WAITING:
            return UNAVAILABLE
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((commit, answered))
        self._bytes += len(commit.body)
        if not self._busy:
            self._busy = True
            self._spawn(self._run())
        return await answered

    def refuse(self) -> None:
        """Answers all that waits with 503."""
        while self._waiting:
            _settle(self._waiting.popleft()[1], UNAVAILABLE)
        self._bytes = 0

    async def _run(self) -> None:
        batch: list[tuple[Forwarded, asyncio.Future[Answer]]] = []
        try:
            while self._waiting:
                batch = self._next()
                answers = await self._exchange(self._shard, [commit for commit, _ in batch])
                for (_, answered), answer in zip(batch, answers, strict=True):
                    _settle(answered, OK if answer == _OK else Answer(*answer))
        except _AWAY as problem:
            log.warning("Shard %s did not answer (%r); clients are asked to come again.", self._shard, problem)
            self.refuse()  # with one of them the owner is away for all
        except Exception:  # nobody else would answer what waits
            log.exception("Commits for shard %s could not be sent on; clients are asked to come again.", self._shard)
            self.refuse()
        finally:
            self._busy = False
            for _, answered in batch:
                _settle(answered, UNAVAILABLE)

    def _next(self) -> list[tuple[Forwarded, asyncio.Future[Answer]]]:
        batch: list[tuple[Forwarded, asyncio.Future[Answer]]] = []
        size = 0
        while self._waiting and len(batch) < MOST_COMMITS and size < MOST_BYTES:
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0].body)
        self._bytes -= size
        return batch


def _settle(answered: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not answered.done():  # its client may have gone
        answered.set_result(answer)
