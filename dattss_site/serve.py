"""Puts the parts together: the data server, Celery, the client that watches the server, the agent for its machine."""

from dattss_site.server import DataServer  # isort: skip  (installs Twisted's reactor)

from collections.abc import Callable
from typing import Protocol

import dattss
from django.conf import settings

from accounts.system_account import ensure_system_account, system_key
from dattss_site.children import Child
from dattss_site.embedded_celery import EmbeddedCelery
from stats.selfwatch import SelfWatch


class Part(Protocol):
    """Something that runs beside the server."""

    def start(self) -> None: ...
    def stop(self) -> object: ...


def serve(announce: Callable[[], None]) -> str:
    """Serves until the process is asked to stop; returns why it could not begin, or an empty text."""
    ensure_system_account()
    key = system_key(settings.DATTSS_DATA / "system_key")
    watch = SelfWatch()
    server = DataServer(watch)
    running: list[Part] = []

    def start_parts() -> None:
        client = dattss.process("dattss", auth=key, url=_own_url())
        running.extend([*_celery(), Child("host agent", ["-m", "dattss.host"], _agent_environment(key)), client])
        for part in running:
            part.start()
        watch.client = client
        announce()

    def stop_parts() -> None:
        watch.client = None
        for part in reversed(running):
            part.stop()

    server.before_stop(stop_parts)
    server.run(start_parts)
    return server.failure


def _celery() -> list[Part]:
    if not settings.REDIS_URL:
        return [EmbeddedCelery()]
    queues = f"shard-{settings.DATTSS_SHARD},{settings.CELERY_TASK_DEFAULT_QUEUE}"
    celery = ["-m", "celery", "--quiet", "-A", "dattss_site"]
    worker = [*celery, "worker", "--loglevel=WARNING", "--concurrency=2", f"--queues={queues}", "--without-mingle"]
    return [
        Child("celery worker", [*worker, f"--hostname=shard{settings.DATTSS_SHARD}@%h"]),
        # One beat for all shards, beside the first.
        *([Child("celery beat", [*celery, "beat", "--loglevel=WARNING"])] if settings.DATTSS_SHARD == 0 else []),
    ]


def _agent_environment(key: str) -> dict[str, str]:
    return {"DATTSS_AUTH_KEY": key, "DATTSS_URL": _own_url()}


def _own_url() -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"
