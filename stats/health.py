"""`/healthz` and `/readyz`, in front of Django: they answer also while all of Django's threads wait for a database."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from django.conf import settings

from stats import runtime
from stats.engine_call import EngineError, ask_async
from stats.shard import Shard

ENOUGH_SPACE = 100 * 1024 * 1024  # bytes
FLUSH_OVERDUE = 180.0  # seconds
_PATIENCE = 3.0  # seconds

# What others who build on the stats have to say: each answers with a problem, or with an empty text. Called in threads.
further: list[Callable[[], str]] = []

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def healthz(_scope: dict[str, Any], _receive: Receive, send: Send) -> None:
    """200 as soon as this process takes commits: for the shard that it owns or, as a web node, for all."""
    shard = runtime.shard
    ready = shard.open if shard is not None else settings.DATTSS_SHARD is None and runtime.forwarder is not None
    takes = runtime.keys is not None and ready
    await _reply(send, takes, {"ok": takes, "shard": settings.DATTSS_SHARD})


async def readyz(_scope: dict[str, Any], _receive: Receive, send: Send) -> None:
    """200 when all that a tracker needs works; 503 with the reasons otherwise."""
    shard = runtime.shard
    own = [shard.number] if shard is not None else range(settings.DATTSS_SHARDS)
    problems = [_database(), *await asyncio.gather(*map(_engine, own))]
    if shard is not None:
        problems += [await asyncio.to_thread(_disk_space), _last_flush(shard), _files(shard)]
    problems += [await asyncio.to_thread(check) for check in further]
    found = [problem for problem in problems if problem]
    await _reply(send, not found, {"ok": not found, "problems": found})


PATHS = {"/healthz": healthz, "/readyz": readyz}


def _database() -> str:
    return runtime.keys.problem if runtime.keys is not None else "No keys are loaded in this process."


async def _engine(shard: int) -> str:
    try:
        await ask_async(shard, {"type": "engine.ping"}, _PATIENCE)
    except EngineError as error:
        return f"The channel layer does not carry messages to the engine: {error}"
    return ""


def _disk_space() -> str:
    free = shutil.disk_usage(settings.DATTSS_DATA).free
    return "" if free >= ENOUGH_SPACE else f"Only {free // 2**20} MiB of disk space are left for DATTSS_DATA."


def _last_flush(shard: Shard) -> str:
    age = time.time() - shard.flushed_at
    return "" if age < FLUSH_OVERDUE else f"The last flush was {age:.0f} s ago. Is the Celery worker running?"


def _files(shard: Shard) -> str:
    """How many files cannot be written; not which: everybody may ask, and names are their account's own."""
    failing = len(shard.unwritable)
    if not failing:
        return ""
    return f"Files that cannot be written: {failing}. What is meant for them is kept. The log names them."


async def _reply(send: Send, good: bool, content: dict[str, Any]) -> None:
    body = msgspec.json.encode(content)
    headers = [
        (b"Content-Type", b"application/json"),
        (b"Content-Length", str(len(body)).encode()),
        (b"Cache-Control", b"no-store"),
        (b"X-Content-Type-Options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200 if good else 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
