"""How much of its limits an account uses: the owner of its shard knows what is live and on its disk, the database the
rest."""

import logging
import time
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from django.conf import settings
from django.utils import timezone
from msgspec import Meta, Struct
from msgspec.structs import asdict

from accounts.key_forms import MOST_LIVE_KEYS
from accounts.keys import live_keys
from accounts.models import Account
from accounts.routing import shard_of
from stats.engine_call import ask

if TYPE_CHECKING:
    from stats.shard import Shard

log = logging.getLogger("dattss.usage")

TIMEOUT = 5.0  # seconds


class Amount(Struct):
    """How much of a limit is used."""

    used: float
    limit: Annotated[int | None, Meta(description="Null: there is none.")]


class Disk(Struct):
    """What the account's files take of the disk."""

    plain: Annotated[int, Meta(description="Bytes of the current and the 8 previous days, states and events.")]
    packed: Annotated[int, Meta(description="Bytes of packed days.")]
    counted: Annotated[float, Meta(description="Unix time at which the files were counted; at most 5 minutes ago.")]


class LiveUsage(Struct, kw_only=True):
    """What the owner of the account's shard knows."""

    stats: Annotated[Amount, Meta(description="Live stats: those with a value in the last hour.")]
    processes: Amount
    commits: Annotated[Amount, Meta(description="Commits a second: the mean of the last minute.")]
    partials: Annotated[Amount, Meta(description="Partial aggregates a second: the mean of the last minute.")]
    refused: Annotated[int, Meta(description="Commits of the last minute that were answered 429.")]
    udp_intervals: Annotated[
        int, Meta(description="Commits of the last minute that came by UDP: one each 5 s for each process and key.")
    ]
    disk: Annotated[Disk | None, Meta(description="Null while the files are being counted.")]


class StoredUsage(NamedTuple):
    """What the database knows: keys that work, how many people belong to the account, for how many days it is kept."""

    keys: Amount
    people: int
    retention_days: int


class Usage(LiveUsage, kw_only=True):
    """How much of its limits an account uses."""

    keys: Annotated[Amount, Meta(description="Keys that work.")]
    people: Annotated[int, Meta(description="People who belong to the account.")]
    retention_days: Annotated[int, Meta(description="For how many days the account's past is kept.")]


async def of_owner(shard: "Shard", account_id: int) -> LiveUsage:
    """What this process knows of an account that its shard holds."""
    stats, processes = shard.registry.sizes(account_id)
    pace = shard.meter.pace(account_id, time.time())
    return LiveUsage(
        stats=Amount(stats, settings.DATTSS_MAX_STATS),
        processes=Amount(processes, settings.DATTSS_MAX_STATS),
        commits=Amount(pace.commits, settings.DATTSS_RATE_LIMIT or None),
        partials=Amount(pace.partials, None),
        refused=pace.refused,
        udp_intervals=pace.udp_intervals,
        disk=await _disk(shard, account_id),
    )


def live_usage(account: Account) -> LiveUsage:
    """What the owner knows. Raises EngineError."""
    message = {"type": "engine.usage", "account": account.pk}
    return msgspec.json.decode(ask(shard_of(account), message, TIMEOUT)["text"], type=LiveUsage)


def stored_usage(account: Account) -> StoredUsage:
    """What the database knows; two queries."""
    return StoredUsage(
        keys=Amount(live_keys(timezone.now()).filter(account=account).count(), MOST_LIVE_KEYS),
        people=account.memberships.count(),
        retention_days=account.retention_days,
    )


def usage(account: Account) -> Usage:
    """Both together. Raises EngineError."""
    return Usage(**asdict(live_usage(account)), **stored_usage(account)._asdict())


async def _disk(shard: "Shard", account_id: int) -> Disk | None:
    try:
        counted = await shard.disk_meter.of(account_id)
    except OSError as problem:  # all else is known, and is told without it
        log.warning("The files of account %s cannot be counted: %s", account_id, problem)
        return None
    return counted and Disk(counted.use.plain, counted.use.packed, counted.at)
