"""What this process holds: the shard that it owns, and the event loop that the shard lives in.

Both are None in a process that owns none, such as a Celery worker on Redis or a management command.
"""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stats.shard import Shard

shard: "Shard | None" = None
loop: asyncio.AbstractEventLoop | None = None
