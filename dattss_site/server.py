"""The process that serves: Daphne with the engine of a shard or, as a web node, without; and the UDP socket."""

# Daphne installs Twisted's asyncio reactor when it is imported, which must come before anything else of Twisted.
from dattss_site.daphne_server import DaphneServer  # isort: skip

import asyncio
import logging
from collections.abc import Awaitable, Callable

from channels.layers import BaseChannelLayer
from channels.worker import Worker
from django.conf import settings
from django.db import DatabaseError
from twisted.internet import defer, reactor

from dattss_site.asgi import application
from dattss_site.long_lived import LongLived
from stats import http, runtime
from stats.channel import channel_layer
from stats.engine_channel import engine_channel
from stats.forwarding import Forwarder
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.shard import Parts, Shard
from stats.storage.lock import lock
from stats.udp import UdpIntake

log = logging.getLogger("dattss.server")

RETRY_SECONDS = 1.0
_MOST_MESSAGE = 64 * 1024  # bytes of what a page may say over its websocket


class SiteServer:
    """Serves everything, and owns the shard that the settings name, if they name one. `run` returns after SIGTERM or
    Ctrl-C, when all is on disk."""

    def __init__(self, watch: SelfWatch) -> None:
        self.failure = ""
        self._watch = watch
        self._keys = Keyring()
        self._lock = -1  # held until the process ends
        self._udp: UdpIntake | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._before_stop: list[Callable[[], None]] = []
        endpoint = f"tcp:port={settings.PORT}:interface={settings.HOST.replace(':', chr(92) + ':')}"
        self._server = DaphneServer(
            application,
            endpoints=[endpoint],
            lanes={http.PATH.encode(): http.LANE},
            server_name="dattss",
            application_close_timeout=3,
            websocket_max_message_size=_MOST_MESSAGE,
            websocket_max_frame_size=_MOST_MESSAGE,
        )

    def before_stop(self, act: Callable[[], None]) -> None:
        """`act` is called, in a thread, when the server is asked to stop and still serves."""
        self._before_stop.append(act)

    def run(self, started: Callable[[], None]) -> None:
        """Serves; `started` is called, in a thread, once commits are taken. `failure` says why it could not begin."""
        reactor.callWhenRunning(lambda: defer.Deferred.fromFuture(asyncio.ensure_future(self._start(started))))
        reactor.addSystemEventTrigger("before", "shutdown", lambda: _deferred(self._stop()))  # type: ignore[arg-type]
        self._server.run()
        self.failure = self.failure or self._server.failure

    async def _start(self, started: Callable[[], None]) -> None:
        loop = runtime.loop = asyncio.get_running_loop()
        layer = channel_layer()
        try:
            await self._keys.start()
            await self._open_ways(layer)
            if settings.DATTSS_SHARD is not None:
                await self._own(settings.DATTSS_SHARD, layer)
            if settings.UDP_PORT:
                self._udp = await UdpIntake.open(settings.HOST, settings.UDP_PORT, self._keys, self._watch)
        except Exception as problem:
            if not isinstance(problem, (OSError, DatabaseError)):
                log.exception("The server cannot start.")
            self.failure = f"{getattr(problem, 'strerror', None) or problem}"
            self._server.stop()
            return
        await loop.run_in_executor(None, started)

    async def _open_ways(self, layer: BaseChannelLayer) -> None:
        forwarder = Forwarder(layer)
        await forwarder.start()
        runtime.watch, runtime.keys, runtime.forwarder = self._watch, self._keys, forwarder

    async def _own(self, number: int, layer: BaseChannelLayer) -> None:
        parts = _parts(number, layer)
        self._lock = lock(parts.journal, f"shard {number}")
        shard = Shard(parts, self._keys, self._watch)
        await shard.start()
        long_lived = LongLived(lambda: shard.registry.stat_count)
        long_lived.put_aside()
        runtime.shard = shard
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work) for work in (_listen(number, layer), long_lived.run())]

    async def _stop(self) -> None:
        loop = asyncio.get_running_loop()
        for act in self._before_stop:
            await loop.run_in_executor(None, act)
        if self._udp is not None:
            await self._udp.close()
        for task in self._tasks:
            task.cancel()
        if runtime.shard is not None:
            await runtime.shard.stop()
        if runtime.forwarder is not None:
            runtime.forwarder.stop()
        self._keys.stop()


def _parts(number: int, layer: BaseChannelLayer) -> Parts:
    return Parts(
        root=settings.DATTSS_DATA / "stats",
        journal=settings.DATTSS_DATA / "journal" / f"shard-{number}",
        layer=layer,
        sync_always=settings.DATTSS_FSYNC == "always",
        most_stats=settings.DATTSS_MAX_STATS,
        rate=settings.DATTSS_RATE_LIMIT,
        number=number,
    )


def _deferred(work: Awaitable[None]) -> "defer.Deferred[None]":
    return defer.Deferred.fromFuture(asyncio.ensure_future(work))


async def _listen(shard: int, layer: BaseChannelLayer) -> None:
    """Carries messages from the channel layer to the engine's consumer, again after the layer was away."""
    while True:
        worker = Worker(application, [engine_channel(shard)], layer)
        try:
            await worker.arun()  # type: ignore[no-untyped-call]
        except Exception as problem:  # noqa: BLE001  (Redis may be away; the engine must hear again later)
            log.error("The channel layer failed (%s); trying again.", problem)  # noqa: TRY400
        await asyncio.sleep(RETRY_SECONDS)
