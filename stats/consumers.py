"""Channels consumers: the engine's worker, and the live websocket."""

import asyncio
import logging
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
from channels.consumer import AsyncConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http import Http404

from accounts import access
from stats import runtime
from stats.publisher import group_of

log = logging.getLogger("dattss.live")

RENEW_SECONDS = 20
NOT_LOGGED_IN, WRONG_ORIGIN, NOT_FOUND = 4401, 4403, 4404


def engine_channel(shard: int) -> str:
    """The channel on which the engine of a shard listens."""
    return f"engine-{shard}"


class EngineConsumer(AsyncConsumer):
    """Messages to the engine of this process. Long work runs as a task, so that it delays no other message."""

    async def live_watch(self, message: dict[str, Any]) -> None:
        """`account`; with `channel`, a snapshot is sent there."""
        if runtime.shard is not None:
            await runtime.shard.publisher.watch(message["account"], message.get("channel"), time.time())

    async def engine_flush(self, message: dict[str, Any]) -> None:
        """Flushes what is due and answers on `reply` with the report, or with `error`."""
        if runtime.shard is not None:
            runtime.shard.watch.flush_lag(message["lag"])
            runtime.shard.spawn(_flush_and_reply(message["reply"]))

    async def engine_states(self, message: dict[str, Any]) -> None:
        """Answers on `reply` with the live state of each process of `account`, as a JSON `text`."""
        if runtime.shard is not None:
            states = list(runtime.shard.engine.states(message["account"], time.time()))
            await _reply(message["reply"], {"ok": True, "text": msgspec.json.encode(states).decode()})

    async def engine_ping(self, message: dict[str, Any]) -> None:
        """Answers on `reply`: the way to the engine and back is open."""
        await _reply(message["reply"], {"ok": True})


async def _flush_and_reply(channel: str) -> None:
    if runtime.shard is None:
        return
    try:
        report = await runtime.shard.flush()
    except OSError as error:
        await _reply(channel, {"ok": False, "error": str(error)})
        return
    await _reply(channel, {"ok": True, **report})


async def _reply(channel: str, message: dict[str, Any]) -> None:
    if runtime.shard is not None:
        await runtime.shard.layer.send(channel, {"type": "engine.reply", **message})


class LiveConsumer(AsyncWebsocketConsumer):
    """One open page: a snapshot first, then changes; after a gap a new snapshot."""

    account_id: int | None = None
    shard = 0
    number: int | None = None  # of the last message that the page has; None while a snapshot is on its way
    renewal: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        # Accepted first: a browser shows the close code of an open socket only.
        await self.accept()
        refused = await self._admit()
        if refused:
            await self.close(refused)
            return
        await self.channel_layer.group_add(group_of(self._account), self.channel_name)
        await self._ask(self.channel_name)
        self.renewal = asyncio.create_task(self._renew())
        if runtime.shard is not None:
            runtime.shard.watch.websockets += 1

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  (the signature is Channels')
        if self.renewal is None:
            return
        self.renewal.cancel()
        await self.channel_layer.group_discard(group_of(self._account), self.channel_name)
        if runtime.shard is not None:
            runtime.shard.watch.websockets -= 1

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a page says is ignored: there is nothing to say."""

    async def live_snapshot(self, message: dict[str, Any]) -> None:
        self.number = message["n"]
        await self.send(text_data=message["text"])

    async def live_message(self, message: dict[str, Any]) -> None:
        if self.number is None or message["n"] <= self.number:
            return
        if message["n"] != self.number + 1:
            self.number = None
            await self._ask(self.channel_name)
            return
        self.number = message["n"]
        await self.send(text_data=message["text"])

    @property
    def _account(self) -> int:
        if self.account_id is None:
            raise RuntimeError("the websocket was not admitted")
        return self.account_id

    async def _admit(self) -> int:
        """Who may see what; returns the close code of a refusal, or 0."""
        headers = dict(self.scope["headers"])
        by_key = access.bearer_key(headers.get(b"authorization", b"")) is not None
        demo = self.scope["path"].endswith("/demo/")
        if not (by_key or demo or _same_origin(headers)):
            return WRONG_ORIGIN
        try:
            found = await (access.public_access_async() if demo else access.access_for_scope_async(self.scope))
        except Http404:
            return NOT_FOUND
        except access.REFUSALS:
            return NOT_LOGGED_IN
        self.account_id, self.shard = found.account.pk, found.account.shard
        return 0

    async def _ask(self, channel: str | None) -> None:
        message = {"type": "live.watch", "account": self._account, "channel": channel}
        await self.channel_layer.send(engine_channel(self.shard % settings.DATTSS_SHARDS), message)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._ask(None)


def _same_origin(headers: dict[bytes, bytes]) -> bool:
    """Whether the page that opens the socket came from the host it opens it to: other sites may not use our cookies."""
    origin = urlsplit(headers.get(b"origin", b"").decode("latin-1"))
    return bool(origin.netloc) and origin.netloc.lower() == headers.get(b"host", b"").decode("latin-1").lower()
