"""What this process holds: the shard that it owns, its keys, the way to other shards, and the event loop they live in.

All are None in a process that does not serve, such as a Celery worker on Redis or a management command. A web node has
no shard.
"""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stats.forwarding import Forwarder
    from stats.keyring import Keyring
    from stats.selfwatch import SelfWatch
    from stats.shard import Shard

shard: "Shard | None" = None
keys: "Keyring | None" = None
forwarder: "Forwarder | None" = None
watch: "SelfWatch | None" = None
loop: asyncio.AbstractEventLoop | None = None
