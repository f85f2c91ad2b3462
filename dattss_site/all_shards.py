"""One machine, more processes: a data server for each shard, kept alive until this process is asked to stop."""

import logging
import signal
from collections.abc import Callable
from queue import SimpleQueue

from django.conf import settings

from dattss_site.children import Child
from dattss_site.parts import stop_all

log = logging.getLogger("dattss.shards")

STOP_SECONDS = 25.0  # for all of them together: each flushes what it has


def serve_all(announce: Callable[[], None]) -> str:
    """Runs the data servers until SIGTERM or Ctrl-C; returns why that is not possible, or an empty text."""
    highest = settings.PORT + settings.DATTSS_SHARDS - 1
    if highest > 65535:
        return (
            f"PORT {settings.PORT} leaves no room for {settings.DATTSS_SHARDS} shards: the last would need {highest}."
        )
    # Not an Event: a signal that interrupts who holds its lock, `wait` or another signal's `set`, would wait for ever.
    asked_to_stop: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked_to_stop.put(number))
    children = [_data_server(shard) for shard in range(settings.DATTSS_SHARDS)]
    for child in children:
        child.start()
    announce()
    asked_to_stop.get()
    stop_all(children)
    return ""


def _data_server(shard: int) -> Child:
    """The same command for one shard: the first has the UDP socket and the agent of the machine."""
    environment = {
        "DATTSS_SHARD": str(shard),
        "PORT": str(settings.PORT + shard),
        "UDP_PORT": str(settings.UDP_PORT if shard == 0 else 0),
    }
    agent = [] if shard == 0 else ["--no-agent"]
    return Child(f"shard {shard}", ["manage.py", "up", *agent], environment, stop_seconds=STOP_SECONDS)
