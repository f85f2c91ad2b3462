"""The rules of an account, ready to be evaluated; they are read again only when one has changed."""

import logging
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Max

from accounts.models import Account
from accounts.routing import shard_of
from alerts import conditions, measures
from alerts.conditions import Condition, ConditionError
from alerts.models import Rule, TargetKind
from alerts.observation import MINUTE
from stats.storage.lru import Lru

log = logging.getLogger("dattss.alerts")

_FIELDS = ("pk", "name", "target_kind", "target", "condition", "by__timezone")
_RULE_BYTES = 1200


class LiveRule(NamedTuple):
    """A rule that is on: what it is about (`alerts.targets`), what must not happen to it, and the time zone in which
    its days are compared, that of who made it."""

    pk: int
    name: str
    kind: str
    target: str
    condition: Condition
    zone: ZoneInfo


class LiveRules(NamedTuple):
    """The rules of an account; `sketches`: one of them asks for a percentile. `reach`: up to how many minutes before
    the newest one matters to any of them what comes late. `resting`: one of them asks for stats that rest. `rhythms`:
    how many seconds there are between two observations of any of them."""

    rules: list[LiveRule]
    sketches: bool
    reach: int
    resting: bool
    rhythms: frozenset[int]


_Version = tuple[int, datetime | None]
_kept: Lru[int, tuple[_Version, LiveRules]] = Lru(64 << 20, lambda kept: _RULE_BYTES * (1 + len(kept[1].rules)))


def rules_of(account_id: int) -> LiveRules:
    """The account's rules that are on. One small query where none has changed."""
    rows = Rule.objects.filter(account_id=account_id, enabled=True)
    newest = rows.aggregate(number=Count("pk"), changed=Max("changed"))
    version = newest["number"], newest["changed"]
    kept = _kept.get(account_id)
    if kept is None or kept[0] != version:
        kept = version, _read(account_id)
        _kept.put(account_id, kept)
    return kept[1]


def asks_for_resting(rule: LiveRule) -> bool:
    """Whether it is on all stats of a pattern, those that rest too: silence may be usual by night and not by day."""
    return rule.kind == TargetKind.PATTERN and rule.condition.measure_of == measures.PLOTTED


def accounts_with_rules(shard: int) -> list[Account]:
    """The open accounts of a shard that have rules which are on."""
    found = Account.objects.filter(closed=None, moving_to=None, alert_rules__enabled=True).distinct().order_by("pk")
    return [account for account in found if shard_of(account) == shard]


def _read(account_id: int) -> LiveRules:
    rows = Rule.objects.filter(account_id=account_id, enabled=True).order_by("pk")
    found = []
    for pk, name, kind, target, condition, zone in rows.values_list(*_FIELDS):
        try:
            found.append(LiveRule(pk, name, kind, target, conditions.convert(condition), ZoneInfo(zone or "UTC")))
        except ConditionError as error:  # of another version
            log.error("The rule %d of account %d is left out: %s", pk, account_id, error)  # noqa: TRY400
    sketches = any(measures.share_of(rule.condition.measure_of) is not None for rule in found)
    reach = max((rule.condition.reach for rule in found if rule.condition.every == MINUTE), default=0)
    resting = any(asks_for_resting(rule) for rule in found)
    return LiveRules(found, sketches, reach, resting, frozenset(rule.condition.every for rule in found))
