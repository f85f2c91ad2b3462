"""Channels consumers: the engine's worker, and the live websocket."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from channels.consumer import AsyncConsumer
from channels.exceptions import ChannelFull
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseAwayError
from django.http import Http404
from redis.exceptions import RedisError

from accounts import access, access_news
from accounts.routing import shard_of
from stats import ingest, moving_files, owned, runtime, usage
from stats.engine_channel import engine_channel
from stats.forwarding import STALE, Forwarded
from stats.keyring import Keyring, KeysAwayError
from stats.origin import from_own_page
from stats.publisher import group_of
from stats.shard import Shard
from stats.storage.paths import Level

log = logging.getLogger("dattss.live")

RENEW_SECONDS = 10
NOTICE_SECONDS = 5  # between the signs of life of a socket that may have nothing to tell for hours
_AT_ONCE = 100  # processes that are looked at before others get their turn
NOT_LOGGED_IN, WRONG_ORIGIN, NOT_FOUND = 4401, 4403, 4404

Message = dict[str, Any]


class EngineConsumer(AsyncConsumer):
    """Messages to the engine of this process. Long work runs as a task, so that it delays no other message.

    Each answers on the channel `reply`: with `ok` and what was asked for, or with `error`.
    """

    async def live_watch(self, message: Message) -> None:
        """`account`; with a `channel`, a snapshot is sent there, `public` or whole; for `events` alone an empty one."""
        if message["account"] in _shard().held:
            await _watch(message)
        else:
            _shard().spawn(_watch(message))

    async def engine_commits(self, message: Message) -> None:
        """Takes the commits that another process has sent on (`stats.forwarding`)."""
        if time.time() - message["at"] < STALE:
            _shard().spawn(_take(message))

    async def engine_flush(self, message: Message) -> None:
        """Flushes what is due; answers with the report."""
        _shard().watch.flush_lag(message["lag"])
        _answer(message, _flush)

    async def engine_states(self, message: Message) -> None:
        """Answers with the live state of each process of `account`, as a JSON `text`."""
        _answer(message, lambda: _states(message["account"]))

    async def engine_minutes(self, message: Message) -> None:
        """Answers with the flushed minutes of `account` after that one (`stats.minutes`), as a MessagePack `data`."""
        _answer(message, lambda: _minutes(message))

    async def engine_processes(self, message: Message) -> None:
        """Answers with when each process of `account` was seen last, as a MessagePack `data`; `listening`: since
        when that would have been noticed."""
        _answer(message, lambda: _processes(message["account"]))

    async def engine_health(self, message: Message) -> None:
        """Answers with the health of each process of `account`, as a JSON `text`."""
        _answer(message, lambda: _health(message["account"]))

    async def engine_remove(self, message: Message) -> None:
        """Removes the process `name` of `account`, which is down; answers with whether it was so (`done`)."""
        _answer(message, lambda: _remove(message["account"], message["name"]))

    async def engine_day(self, message: Message) -> None:
        """Answers with the history of a day (`stats.owned`)."""
        _answer(message, lambda: asyncio.to_thread(owned.answer_day, message))

    async def engine_question(self, message: Message) -> None:
        """Answers with what one of `stats.owned.questions` says of the files."""
        _answer(message, lambda: asyncio.to_thread(owned.answer_question, message))

    async def engine_events(self, message: Message) -> None:
        """Answers with the last errors or warnings of `account` and their groups, as a JSON `text`."""
        _answer(message, lambda: _events(message["account"], message["level"]))

    async def engine_group(self, message: Message) -> None:
        """Answers with a group of `account` and its events, as a JSON `text`; null where there is none."""
        _answer(message, lambda: _group(message["account"], message["level"], message["key"]))

    async def engine_usage(self, message: Message) -> None:
        """Answers with what `account` uses (`stats.usage`), as a JSON `text`."""
        _answer(message, lambda: _usage(message["account"]))

    async def engine_release(self, message: Message) -> None:
        """Answers with whether `account`, which is moving, is wholly in files and in no memory any more (`done`)."""
        _answer(message, lambda: _release(message["account"]))

    async def engine_files(self, message: Message) -> None:
        """Works on the files of an account that moves (`stats.moving_files`)."""
        _answer(message, lambda: _work_on_files(message))

    async def engine_erase(self, message: Message) -> None:
        """Removes all of `account`, which is closed; answers with whether that is done (`done`)."""
        _answer(message, lambda: _erase(message["account"]))

    async def engine_ping(self, message: Message) -> None:
        """Answers: the way to the engine and back is open."""
        _answer(message, _nothing)


def _shard() -> Shard:
    if runtime.shard is None:
        raise RuntimeError("this process owns no shard")
    return runtime.shard


def _answer(message: Message, work: Callable[[], Awaitable[Message]]) -> None:
    """Does the work beside everything else, then answers with what it returns or with why it failed."""
    _shard().spawn(_work_and_reply(message["reply"], work))


async def _flush() -> Message:
    """The report of a flush, and which keys were used: key id, Unix time and IP address of each."""
    shard = _shard()
    report = await shard.flush()
    return {**report, "keys_used": [(key_id, *use) for key_id, use in shard.keys.table.take_last_uses().items()]}


async def _work_and_reply(channel: str, work: Callable[[], Awaitable[Message]]) -> None:
    try:
        answer = {"ok": True, **await work()}
    except (OSError, LookupError, ValueError, KeysAwayError) as error:
        answer = {"ok": False, "error": str(error) or repr(error)}
    except Exception as error:  # whoever asks would wait for nothing
        log.exception("A message could not be answered.")
        answer = {"ok": False, "error": f"it failed with {error!r}; its log says where"}
    await _shard().layer.send(channel, {"type": "engine.reply", **answer})


async def _nothing() -> Message:
    return {}


async def _take(message: Message) -> None:
    taken = await ingest.accept_forwarded(_shard(), [Forwarded(*commit) for commit in message["commits"]])
    answers = [(one.status, one.body, one.retry_after) for one in taken]
    await _shard().layer.send(message["reply"], {"type": "engine.reply", "id": message["id"], "answers": answers})


async def _watch(message: Message) -> None:
    shard = _shard()
    if await _is_held(shard, message["account"]):  # else it has moved, and its pages will ask there
        account, channel, now = message["account"], message["channel"], time.time()
        if message.get("events"):
            await shard.publisher.heed(account, channel, now)
        else:
            await shard.publisher.watch(account, channel, now, public=message["public"])


async def _is_held(shard: Shard, account_id: int) -> bool:
    """Whether the account is here; one that was made, or has come, a moment ago is waited for."""
    if account_id not in shard.held:
        await shard.keys.fresh()
    return account_id in shard.held


async def _states(account_id: int) -> Message:
    shard = await _owner_of(account_id)
    return _text(list(shard.engine.states(account_id, time.time())))


async def _minutes(message: Message) -> Message:
    account_id, asked = message["account"], msgspec.convert(message["asked"], owned.Asked)
    shard = await _owner_of(account_id)
    resting = shard.engine.resting(account_id, asked.resting) if asked.resting is not None else []
    return await asyncio.to_thread(owned.answer_minutes, shard.minutes, account_id, asked, resting)


async def _processes(account_id: int) -> Message:
    shard = await _owner_of(account_id)
    return {"data": msgspec.msgpack.encode(shard.engine.processes(account_id)), "listening": shard.listening.since}


async def _health(account_id: int) -> Message:
    shard = await _owner_of(account_id)
    entries = []
    for entry in shard.engine.health(account_id, time.time()):
        entries.append(entry)
        if len(entries) % _AT_ONCE == 0:
            await asyncio.sleep(0)  # commits have their turn
    return _text(entries)


async def _remove(account_id: int, name: str) -> Message:
    shard = await _owner_of(account_id)
    if shard.is_leaving(account_id):
        raise LookupError(f"account {account_id} is moving")
    done = shard.remove_process(account_id, name)
    if done and shard.sync_always:
        await shard.durable()
    return {"done": done}


async def _events(account_id: int, level: Level) -> Message:
    shard = await _owner_of(account_id)
    return _text(shard.events.of_level(account_id, level))


async def _group(account_id: int, level: Level, key: str) -> Message:
    shard = await _owner_of(account_id)
    return _text(shard.events.group(account_id, level, key))


async def _owner_of(account_id: int) -> Shard:
    shard = _shard()
    if not await _is_held(shard, account_id):
        raise LookupError(f"account {account_id} is not here")
    return shard


def _text(found: Any) -> Message:
    return {"text": msgspec.json.encode(found).decode()}


async def _usage(account_id: int) -> Message:
    shard = _shard()
    if not await _is_held(shard, account_id):
        raise LookupError(f"account {account_id} is not here")
    return {"text": msgspec.json.encode(await usage.of_owner(shard, account_id)).decode()}


async def _release(account_id: int) -> Message:
    shard = _shard()
    await shard.keys.fresh()  # an older table may not know yet that the account moves
    if shard.keys.table.takes(account_id, shard.number):
        raise LookupError(f"account {account_id} is not moving")
    if account_id in shard.held:
        await shard.flush()
    if account_id in shard.held and await asyncio.to_thread(shard.keeps, account_id):
        raise OSError(f"files of account {account_id} cannot be written; the log names them")
    return {"done": account_id not in shard.held}


async def _work_on_files(message: Message) -> Message:
    shard = _shard()
    await shard.keys.fresh()
    place = shard.keys.table.place(message["account"])
    mine = place is not None and place.shard == shard.number
    return await asyncio.to_thread(moving_files.work, settings.DATTSS_DATA / "stats", message, mine, place)


async def _erase(account_id: int) -> Message:
    shard = _shard()
    await shard.keys.fresh()  # an older table may not know yet that the account was opened again
    return {"done": await shard.erase(account_id)}


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
