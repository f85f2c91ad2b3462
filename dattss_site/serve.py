"""Puts the parts together: the server, Celery, the client that watches the server, the agent for its machine."""

from dattss_site.server import SiteServer  # isort: skip  (installs Twisted's reactor)

from collections.abc import Callable

import dattss
from django.conf import settings

from accounts.system_account import ensure_system_account, system_key
from alerts import canary
from dattss_site.children import Child, host_agent
from dattss_site.embedded_celery import EmbeddedCelery
from dattss_site.parts import Part, stop_all
from stats.selfwatch import SelfWatch


def serve(announce: Callable[[], None], *, with_agent: bool) -> str:
    """Serves until the process is asked to stop; returns why it could not begin, or an empty text.

    `with_agent`: the figures of the machine are this process's to send.
    """
    ensure_system_account()
    key = system_key(settings.DATTSS_DATA / "system_key")
    if settings.DATTSS_SHARD is not None:
        canary.ensure(_name(), settings.DATTSS_SHARD)
    watch = SelfWatch()
    server = SiteServer(watch)
    running: list[Part] = []

    def start_parts() -> None:
        client = dattss.process(_name(), auth=key, url=own_url())
        running.extend([*_celery(), *([host_agent(key, own_url())] if with_agent else []), client])
        for part in running:
            part.start()
        watch.client = client
        announce()

    def stop_parts() -> None:
        watch.client = None
        stop_all(running)

    server.before_stop(stop_parts)
    server.run(start_parts)
    return server.failure


def own_url() -> str:
    """Where this process answers, for those on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def _name() -> str:
    """What this process is called among those of account 0."""
    if settings.DATTSS_SHARD is None:
        return "dattss.web"
    return "dattss" if settings.DATTSS_SHARDS == 1 else f"dattss.shard{settings.DATTSS_SHARD}"


def _celery() -> list[Part]:
    """Its worker runs where the shard's files are; a web node has none."""
    if not settings.REDIS_URL:
        return [EmbeddedCelery()]
    if settings.DATTSS_SHARD is None:
        return []
    queues = f"shard-{settings.DATTSS_SHARD},{settings.CELERY_TASK_DEFAULT_QUEUE}"
    celery = ["-m", "celery", "--quiet", "-A", "dattss_site"]
    worker = [*celery, "worker", "--loglevel=WARNING", "--concurrency=2", f"--queues={queues}", "--without-mingle"]
    return [
        Child("celery worker", [*worker, f"--hostname=shard{settings.DATTSS_SHARD}@%h"]),
        # One beat for all shards, beside the first.
        *([Child("celery beat", [*celery, "beat", "--loglevel=WARNING"])] if settings.DATTSS_SHARD == 0 else []),
    ]
