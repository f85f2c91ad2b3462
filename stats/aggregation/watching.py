"""What the pages that watch an account are told: all of it at first, then what has changed."""

from collections.abc import Iterator, Sequence

from stats.aggregation import live
from stats.aggregation.live import Entry
from stats.aggregation.pages import SLOTS, Page
from stats.aggregation.registry import Account, Layout, Process, Registry, Stat

WATCH_SECONDS = 60.0  # a page that does not renew its interest is gone
_IDLE_SLOTS = SLOTS + 1  # after as many slots without a value nothing moves any more


class Watching:
    """Who is watched, and what to tell of them. Times are Unix seconds."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def watch(self, account_id: int, now: float) -> None:
        """Somebody looks at this account: for the next 60 s its changes are collected."""
        self._registry.account(account_id).watched_until = now + WATCH_SECONDS

    def watched(self, now: float) -> list[int]:
        """The accounts that somebody looks at."""
        return [account.id for account in self._registry.accounts.values() if account.watched_until > now]

    def is_watched(self, account_id: int, now: float) -> bool:
        """Whether somebody looks at this account."""
        account = self._registry.accounts.get(account_id)
        return account is not None and account.watched_until > now

    def snapshot(self, account_id: int, now: float) -> Entry:
        """All processes and stats of an account, with sparklines: the `snapshot` message without its number."""
        account = self._registry.account(account_id)
        processes = [live.process_entry(process, now) for process in account.processes.values()]
        stats = [_stat_entry(stat, entry) for stat, entry in live.values(account.all_stats(), sparks=True)]
        return {"processes": processes, "stats": stats}

    def changes(self, account_id: int, now: float) -> Entry:
        """What has changed since the last call: the `update` message without its number; its lists may be empty."""
        account = self._registry.account(account_id)
        changed, account.changed = account.changed, set()
        told, account.changed_processes = account.changed_processes, set()
        gone, account.gone = account.gone, set()
        gone_processes, account.gone_processes = account.gone_processes, set()
        for process in account.processes.values():
            if account.told_states.get(process.name) != process.state(now):
                account.told_states[process.name] = process.state(now)
                told.add(process)
        return {
            "slot": self._registry.slot,
            "processes": [live.process_entry(process, now) for process in told],
            "stats": [_stat_entry(stat, entry) for stat, entry in live.values(changed)],
            "gone": [
                *({"proc": name} for name in gone_processes),
                *({"proc": process, "typ": kind, "nam": name} for process, kind, name in gone),
            ],
        }


def note_commit(process: Process, layout: Layout) -> None:
    """A process has committed stats that lie there, and somebody looks at its account."""
    account = process.account
    account.changed_processes.add(process)
    places: list[tuple[Page[Stat], Sequence[int]]] = [(page, rows.tolist()) for page, rows, _ in layout.shares]
    if process.gauges is not None:
        places.append(process.gauges)
    for page, rows in places:
        account.changed.update(stat for row in rows if (stat := page.owners[row]) is not None)


def note_moving(registry: Registry, now: float) -> None:
    """A slot has opened: of the accounts that somebody looks at, each stat whose minute is not empty has changed."""
    for account in registry.accounts.values():
        if account.watched_until > now:
            account.changed.update(_moving(account, registry.slot))


def _moving(account: Account, slot: int) -> Iterator[Stat]:
    """The stats whose rolling minute has not run empty yet."""
    return (stat for stat in account.all_stats() if stat.page.last_slot[stat.row] >= slot - _IDLE_SLOTS)


def _stat_entry(stat: Stat, entry: Entry) -> Entry:
    return {"proc": stat.process.name, "typ": stat.kind, "nam": stat.name, **entry}
