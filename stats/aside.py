"""What others have to say to an account's open pages: messages beside those of the publisher, without a number."""

import asyncio
import logging
import time
from typing import Any

import msgspec
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from django.conf import settings
from redis.exceptions import RedisError

from stats import runtime
from stats.channel import channel_layer
from stats.publisher import group_of

log = logging.getLogger("dattss.live")


def tell_pages(account_id: int, message: dict[str, Any]) -> None:
    """Sends a JSON message to all pages that are open on an account, except for public ones.

    Nobody waits for it, and it may be lost where the channel layer is away or a page is far behind. Such a page misses
    numbered messages too, is sent a snapshot, and asks again for what came beside them.
    """
    text = msgspec.json.encode({**message, "at": round(time.time(), 3)}).decode()
    if runtime.loop is not None:
        # An in-memory layer belongs to the loop that serves it.
        asyncio.run_coroutine_threadsafe(_send(account_id, text), runtime.loop)
    elif settings.REDIS_URL:
        async_to_sync(_send)(account_id, text)


async def _send(account_id: int, text: str) -> None:
    try:
        await channel_layer().group_send(group_of(account_id), {"type": "live.aside", "text": text})
    except (RedisError, OSError, ChannelFull) as problem:
        log.warning("The open pages of account %d cannot be told now: %s", account_id, problem)
