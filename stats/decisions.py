"""Reads and writes what people say of groups of errors."""

from accounts.models import Account
from stats.aggregation.group_state import Decision
from stats.models import GroupDecision
from stats.storage.paths import Level


def decisions_of(account: Account, level: Level) -> dict[str, Decision]:
    """What was said of the account's groups, by key; one query."""
    rows = GroupDecision.objects.filter(account=account, level=level).values_list("key", "said", "at", "until")
    return {
        key: Decision(said, at.timestamp(), until.timestamp() if until else None)  # type: ignore[arg-type]  # of its choices
        for key, said, at, until in rows
    }


def decide(group: GroupDecision) -> None:
    """Somebody says it of a group; what was said before counts no more."""
    GroupDecision.objects.update_or_create(
        account=group.account,
        level=group.level,
        key=group.key,
        defaults={"said": group.said, "at": group.at, "until": group.until, "by": group.by},
    )


def forget(account: Account, level: Level, key: str) -> None:
    """The group is new again."""
    GroupDecision.objects.filter(account=account, level=level, key=key).delete()
