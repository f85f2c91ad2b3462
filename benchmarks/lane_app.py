"""Our lane `/agg` without Daphne and Django around it, for any ASGI server: the shard starts and stops by lifespan.

`BENCH_DATA` names the data folder. The file `key` in it holds the account's key once the server takes commits.
"""

import os
from pathlib import Path
from typing import Any

from benchmarks.own_shard import open_account, start_shard

_data = Path(os.environ["BENCH_DATA"])
_account = open_account(_data)

from stats import http, runtime  # noqa: E402  (needs the loaded app registry)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    if scope["type"] == "http":
        return await http.agg(scope, receive, send)
    while scope["type"] == "lifespan":
        message = await receive()
        if message["type"] == "lifespan.startup":
            await start_shard(most_stats=1_000_000)
            (_data / "key").write_text(_account.key)
            await send({"type": "lifespan.startup.complete"})
        else:
            if runtime.shard is not None:
                await runtime.shard.stop()
            return await send({"type": "lifespan.shutdown.complete"})
    return None
