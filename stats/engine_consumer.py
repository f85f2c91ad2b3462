"""The engine's worker: what other processes ask of the shard in this one, over the channel layer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from channels.consumer import AsyncConsumer
from django.conf import settings

from stats import ingest, moving_files, owned, runtime, usage
from stats.aggregation import health, live
from stats.forwarding import STALE, Forwarded
from stats.keyring import KeysAwayError
from stats.shard import Shard
from stats.storage.paths import Level

log = logging.getLogger("dattss.engine")

_AT_ONCE = 100  # processes that are looked at before others get their turn

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
    return _text(list(live.states(shard.registry.account(account_id), time.time())))


async def _minutes(message: Message) -> Message:
    account_id, asked = message["account"], msgspec.convert(message["asked"], owned.Asked)
    shard = await _owner_of(account_id)
    resting = shard.registry.account(account_id).resting_since(asked.resting) if asked.resting is not None else []
    return await asyncio.to_thread(owned.answer_minutes, shard.minutes, account_id, asked, resting)


async def _processes(account_id: int) -> Message:
    shard = await _owner_of(account_id)
    seen = shard.registry.account(account_id).seen()
    return {"data": msgspec.msgpack.encode(seen), "listening": shard.listening.since}


async def _health(account_id: int) -> Message:
    shard = await _owner_of(account_id)
    entries = []
    for entry in health.entries(shard.registry.account(account_id), time.time()):
        entries.append(entry)
        if len(entries) % _AT_ONCE == 0:
            await asyncio.sleep(0)  # commits have their turn
    return _text(entries)


async def _remove(account_id: int, name: str) -> Message:
    shard = await _owner_of(account_id)
    if shard.residents.is_leaving(account_id):
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
    return _text(await usage.of_owner(await _owner_of(account_id), account_id))


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
    return {"done": await shard.residents.erase(account_id)}
