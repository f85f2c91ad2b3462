"""Asking the engine something from a thread or a process that is not its own, over the channel layer."""

import asyncio
from typing import Any

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from django.conf import settings
from redis.exceptions import RedisError

from stats import runtime
from stats.channel import channel_layer
from stats.engine_channel import engine_channel


class EngineError(RuntimeError):
    """The engine of `shard` did not do what it was asked: `reason`."""

    def __init__(self, shard: int, reason: str) -> None:
        super().__init__(f"The engine of shard {shard}: {reason}")
        self.shard = shard
        self.reason = reason


def ask(shard: int, message: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Sends `message` to the engine of a shard and waits up to `timeout` seconds for its answer.

    An in-memory channel layer belongs to the one event loop that serves it: a thread hands over to that loop and does
    not begin a second one. Raises EngineError, at once in a process that no such layer joins with an engine.
    """
    if runtime.loop is not None:
        return asyncio.run_coroutine_threadsafe(ask_async(shard, message, timeout), runtime.loop).result()
    if not settings.REDIS_URL:
        raise EngineError(shard, "it is in another process, and REDIS_URL, where the two could meet, is not set")
    return async_to_sync(ask_async)(shard, message, timeout)


async def ask_async(shard: int, message: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The same in the event loop."""
    try:
        async with asyncio.timeout(timeout):
            answer = await _exchange(shard, message)
    except TimeoutError:
        raise EngineError(shard, f"no answer within {timeout:.0f} s") from None
    except (RedisError, OSError, ChannelFull) as error:
        raise EngineError(shard, f"the channel layer is away ({error})") from None
    if not answer["ok"]:
        raise EngineError(shard, answer["error"])
    return answer


async def _exchange(shard: int, message: dict[str, Any]) -> dict[str, Any]:
    layer = channel_layer()
    # With a prefix of its own the Redis layer would wait behind other receivers: its lock knows one prefix only.
    reply = await layer.new_channel()
    await layer.send(engine_channel(shard), {**message, "reply": reply})
    answer: dict[str, Any] = await layer.receive(reply)
    return answer
