"""Which shard an account is on, and whether it takes commits there. Every change of that goes through here, since key
tables notice changes by `moves`."""

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db.models import F

from accounts.models import Account


class MoveError(RuntimeError):
    """An account cannot be moved: `reason`, a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def shard_of(account: Account) -> int:
    """The shard whose server owns the account, also while it is on its way to another one."""
    return in_use(account.shard)


def in_use(shard: int) -> int:
    """The shard that stands for `shard` where there are fewer of them than there once were."""
    return shard % int(settings.DATTSS_SHARDS)


def least_used_shard() -> int:
    """The shard with the fewest accounts; account 0 counts, since every server sends its own figures there."""
    used = Counter(map(in_use, Account.objects.values_list("shard", flat=True)))
    return min(range(settings.DATTSS_SHARDS), key=lambda shard: used[shard])


def begin_move(account_id: int, shard: int) -> Account:
    """Stops the account's commits until `finish_move`; once more for the same shard, it changes nothing.

    Returns it as it is now. Raises MoveError where there is no such account, where it is closed, or where it is on its
    way elsewhere.
    """
    begun = Account.objects.filter(pk=account_id, moving_to=None, closed=None).exclude(shard=shard)
    begun.update(moving_to=shard, moves=F("moves") + 1)
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise MoveError(f"There is no account {account_id}.")
    if account.moving_to not in (None, shard):
        raise MoveError(f"The account {account_id} is on its way to shard {account.moving_to}; complete that first.")
    if account.moving_to is None and account.shard != shard:
        raise MoveError(f"The account {account_id} is closed; it stays where it is.")
    return account


def finish_move(account: Account) -> None:
    """Gives the account to the shard that it is moving to, which takes commits from now on."""
    on_its_way = Account.objects.filter(pk=account.pk, moving_to=account.moving_to)
    on_its_way.update(shard=account.moving_to, moving_to=None, moves=F("moves") + 1)


def set_closed(account: Account, closed: datetime | None) -> None:
    """Stops the account's commits, or lets them in again."""
    Account.objects.filter(pk=account.pk).update(closed=closed, moves=F("moves") + 1)
    account.closed = closed
