"""The end of accounts that were closed: once nobody can open them again, their files go, then their rows.

1. Every shard removes the files that it has of the account, its owner last: that one forgets it first, and all that was
   meant for files which could not be written.
2. The rows are deleted, and who owned the account is told by mail.

Each step may be done again, so an end that was cut off anywhere is completed by the next run.
"""

import logging
from datetime import datetime

from django.conf import settings

from accounts import closing
from accounts.models import Account
from accounts.routing import shard_of
from stats.engine_call import EngineError, ask

log = logging.getLogger("dattss.storage")

_TIMEOUT = 60.0  # seconds for the files of an account on a shard; if there are more, the next run finds them gone


def erase_closed(shard: int, now: datetime) -> int:
    """Erases the accounts of a shard that were closed for good by `now`; returns how many. One that cannot be erased is
    logged, and is tried again by the next run."""
    erased = 0
    for account in closing.closed_for_good(now):
        if shard_of(account) != shard:
            continue
        try:
            erased += _erase(account, now)
        except EngineError as error:
            log.error("The account %s cannot be erased now; trying again. %s", account.pk, error)  # noqa: TRY400
    return erased


def _erase(account: Account, now: datetime) -> bool:
    """Whether the account is gone. Raises EngineError."""
    owner = shard_of(account)
    others = sorted(set(range(settings.DATTSS_SHARDS)) - {owner})
    for shard in (*others, owner):
        if not ask(shard, {"type": "engine.erase", "account": account.pk}, _TIMEOUT)["done"]:
            return False
    return closing.delete(account, now)
