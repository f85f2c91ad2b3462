"""The live websocket: an open page, and what it is told."""

import asyncio
import logging
from typing import Any

from channels.exceptions import ChannelFull
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseAwayError
from django.http import Http404
from redis.exceptions import RedisError

from accounts import access, access_news
from accounts.routing import shard_of
from stats import runtime
from stats.engine_channel import engine_channel
from stats.keyring import Keyring
from stats.origin import from_own_page
from stats.publisher import group_of

log = logging.getLogger("dattss.live")

RENEW_SECONDS = 10
NOTICE_SECONDS = 5  # between the signs of life of a socket that may have nothing to tell for hours
NOT_LOGGED_IN, WRONG_ORIGIN, NOT_FOUND = 4401, 4403, 4404

Message = dict[str, Any]


class LiveConsumer(AsyncWebsocketConsumer):
    """One open page: a snapshot first, then changes; after a gap a new snapshot."""

    account_id: int | None = None
    shard = 0
    series = ""  # whose numbers these are: an owner that was started again, or another one, begins anew
    _key: str | None = None  # that opened it, where no session did
    _public = False  # values only: errors and warnings of account 0 are for its members
    number: int | None = None  # of the last message that the page has; None while a snapshot is on its way
    pause: float = RENEW_SECONDS
    renewal: asyncio.Task[None] | None = None
    key_watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        # Accepted first: a browser shows the close code of an open socket only.
        await self.accept()
        refused = await self._admit()
        if refused:
            await self.close(refused)
            return
        self.renewal = asyncio.create_task(self._renew())
        if self._key is not None and runtime.keys is not None:
            self.key_watch = asyncio.create_task(self._end_with_key(runtime.keys, self._key))
        if runtime.watch is not None:
            runtime.watch.websockets += 1

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  (the signature is Channels')
        if self.renewal is None:
            return
        self.renewal.cancel()
        if self.key_watch is not None:
            self.key_watch.cancel()
        if runtime.watch is not None:
            runtime.watch.websockets -= 1
        for group in self._groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a page says is ignored: there is nothing to say."""

    async def live_snapshot(self, message: Message) -> None:
        self.series, self.number = message["series"], message["n"]
        await self.send(text_data=message["text"])

    async def live_message(self, message: Message) -> None:
        if self.number is None or (message["series"] == self.series and message["n"] <= self.number):
            return
        if message["series"] != self.series or message["n"] != self.number + 1:
            self.number = None
            await self._ask(self.channel_name)
            return
        self.number = message["n"]
        if message["public"] or not self._public:
            await self.send(text_data=message["text"])

    async def live_aside(self, message: Message) -> None:
        """Something that has no number of the publisher (`stats.aside`)."""
        if not self._public:
            await self.send(text_data=message["text"])

    async def access_changed(self, message: Message) -> None:  # noqa: ARG002  (the signature is Channels')
        """Somebody may see the account no more: perhaps who has this page."""
        await self._look_again()

    @property
    def _account(self) -> int:
        if self.account_id is None:
            raise RuntimeError("the websocket was not admitted")
        return self.account_id

    @property
    def _groups(self) -> tuple[str, str]:
        return group_of(self._account), access_news.group_of(self._account)

    async def _admit(self) -> int:
        """Who may see what; returns the close code of a refusal, or 0."""
        headers = dict(self.scope["headers"])
        self._key = access.bearer_key(headers.get(b"authorization", b""))
        if not (self._key is not None or self._is_demo or from_own_page(headers)):
            return WRONG_ORIGIN
        found = await self._access()
        if isinstance(found, int):
            return found
        self.account_id, self.shard = found.account.pk, shard_of(found.account)
        self._public = found.role == access.PUBLIC
        return 0

    @property
    def _is_demo(self) -> bool:
        return bool(self.scope["path"].endswith("/demo/"))

    async def _access(self) -> access.Access | int:
        """What is granted now, or the close code of the refusal."""
        try:
            return await (access.public_access_async() if self._is_demo else access.access_for_scope_async(self.scope))
        except Http404:
            return NOT_FOUND
        except access.REFUSALS:
            return NOT_LOGGED_IN

    async def _look_again(self) -> None:
        """Closes the page of somebody who may not see the account any more."""
        try:
            found = await self._access()
        except DatabaseAwayError as problem:
            log.warning("Whether a page may stay open cannot be asked now: %s", problem)
            return
        if isinstance(found, int):
            await self.close(found)
        elif found.account.pk != self._account:  # without `?account=` it is another one of theirs now
            await self.close(NOT_FOUND)
        else:
            self._public = found.role == access.PUBLIC

    async def _end_with_key(self, keys: Keyring, raw: str) -> None:
        """Closes the socket when the key that opened it has ended."""
        await keys.until_ended(raw)
        await self.close(NOT_LOGGED_IN)

    async def _ask(self, channel: str | None) -> None:
        await self._watch(channel=channel, public=self._public)

    async def _watch(self, **wanted: Any) -> None:
        place = runtime.keys.table.place(self._account) if runtime.keys is not None else None
        shard = place.shard if place is not None else self.shard  # the account may have moved since the page was opened
        message = {"type": "live.watch", "account": self._account, **wanted}
        await self.channel_layer.send(engine_channel(shard), message)

    async def _renew(self) -> None:
        """Says again and again who listens: a Redis that was started again has forgotten it, and so has an owner. Looks
        each time whether it may."""
        while True:
            try:
                for group in self._groups:
                    await self.channel_layer.group_add(group, self.channel_name)
                await self._ask(self.channel_name if self.number is None else None)
            except (RedisError, OSError, ChannelFull) as problem:
                log.warning("A page cannot be kept up to date now: %s", problem)
            await asyncio.sleep(self.pause)
            await self._look_again()


class NoticeConsumer(LiveConsumer):
    """A page that shows none of the account's values: errors and warnings as they come, and that it is still heard."""

    number: int | None = 0  # there is no snapshot to wait for
    pause = NOTICE_SECONDS

    async def live_message(self, message: Message) -> None:
        if not (message["public"] or self._public):
            await self.send(text_data=message["text"])

    async def _ask(self, channel: str | None) -> None:  # noqa: ARG002  (there is no snapshot to send)
        await self._watch(channel=self.channel_name, events=True)
