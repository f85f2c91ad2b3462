"""The rounds of evaluation: each flushed minute, and each look at the processes, of all accounts of a shard with rules.

Done twice, a round changes nothing: what a minute brings is stored together with how far the account has come.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from accounts.models import Account
from alerts import incidents, progress, source, upkeep
from alerts.evaluation import evaluate
from alerts.live_rules import LiveRules, accounts_with_rules, rules_of
from alerts.observation import LOOK, MINUTE
from stats.engine_call import EngineError

log = logging.getLogger("dattss.alerts")

Clock = Callable[[], float]

_TRIES = 5


def minute_round(shard: int, clock: Clock) -> None:
    """Evaluates what was flushed since the last time."""
    _each(accounts_with_rules(shard), lambda account: judge_minutes(account, clock()))


def look_round(shard: int, clock: Clock) -> None:
    """Looks at processes, and tends the open incidents."""
    _each(accounts_with_rules(shard), lambda account: judge_look(account, clock()))
    for account_id in upkeep.accounts_that_burn(shard):
        upkeep.tend(account_id, datetime.fromtimestamp(clock(), UTC))


def judge_minutes(account: Account, now: float) -> None:
    """Evaluates the account's flushed minutes. Raises EngineError."""
    live = rules_of(account.pk)
    if MINUTE not in live.rhythms:
        return
    come = progress.load(account.pk).minute
    for minute in source.minutes(account, come, live, now):
        if not _judge(live, minute, come, datetime.fromtimestamp(now, UTC)):
            return
        come = minute.minute


def _judge(live: LiveRules, minute: source.Minute, come: int, now: datetime) -> bool:
    """Whether this call has evaluated the minute, for an account that had come so far; else the next round goes on."""
    for _ in range(_TRIES):
        before = progress.load(minute.account_id)
        if before.minute != come:
            return False
        states, changes = evaluate(live.rules, before.states, minute)
        if incidents.record(replace(before, states=states, minute=minute.minute), changes, now):
            return True
    return False


def judge_look(account: Account, now: float) -> None:
    """Looks at the account's processes. Raises EngineError."""
    live = rules_of(account.pk)
    if LOOK not in live.rhythms:
        return
    look = source.look(account, now)
    for _ in range(_TRIES):
        before = progress.load(account.pk)
        states, changes = evaluate(live.rules, before.states, look)
        if states == before.states:
            return
        after = replace(before, states=states, look=look.at // LOOK)
        if incidents.record(after, changes, datetime.fromtimestamp(now, UTC)):
            return


def _each(accounts: list[Account], act: Callable[[Account], None]) -> None:
    """One that cannot be asked keeps no other from being looked at."""
    for account in accounts:
        try:
            act(account)
        except EngineError as problem:
            log.error("The rules of account %d cannot be evaluated now: %s", account.pk, problem)  # noqa: TRY400
        except Exception:  # what one account has must not silence the alarms of all others
            log.exception("The evaluation of the rules of account %d has failed.", account.pk)
