"""A shard in this process, with an account and a key: for rows that look at it without Daphne around it."""

import json
import os
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import django

if TYPE_CHECKING:
    from dattss_site.long_lived import LongLived


class Opened(NamedTuple):
    """The account's number and its key to send with."""

    account: int
    key: str


def open_account(data: Path) -> Opened:
    """Sets Django up for the data folder `data`, migrates, and makes an account."""
    os.environ["DATTSS_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dattss_site.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  (needs the loaded app registry)

    output = StringIO()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("account_create", "bench@example.org", password="correct-horse-battery", json=True, stdout=output)
    made = json.loads(output.getvalue())
    return Opened(made["account"], made["key"])


async def start_shard(most_stats: int, clock: Callable[[], float] = time.time) -> "LongLived":
    """Starts a shard as the server does, and makes it the one of this process (`stats.runtime.shard`). What is returned
    wants to look each 5 s."""
    from django.conf import settings  # noqa: PLC0415  (as above)

    from dattss_site.long_lived import LongLived  # noqa: PLC0415
    from stats import runtime  # noqa: PLC0415
    from stats.channel import channel_layer  # noqa: PLC0415
    from stats.keyring import Keyring  # noqa: PLC0415
    from stats.selfwatch import SelfWatch  # noqa: PLC0415
    from stats.shard import Parts, Shard  # noqa: PLC0415

    data = settings.DATTSS_DATA
    parts = Parts(data / "stats", data / "journal", channel_layer(), sync_always=False, most_stats=most_stats, rate=0)
    keys = Keyring()
    await keys.start()
    shard = Shard(parts, keys, SelfWatch(), clock, clock)
    await shard.start()
    long_lived = LongLived(lambda: shard.registry.stat_count)
    long_lived.put_aside()
    runtime.shard, runtime.keys = shard, keys
    return long_lived


class Clock:
    """Unix time that only goes on when told, from the beginning of a minute on."""

    def __init__(self) -> None:
        self._now = time.time() // 60 * 60

    def __call__(self) -> float:
        return self._now

    def forward(self, seconds: float) -> None:
        self._now += seconds

    def to_next_minute(self) -> None:
        self._now = self._now // 60 * 60 + 60
