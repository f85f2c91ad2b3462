"""What time does to who is there: stats go to rest, what is over for long goes, and a clock that is set back is
followed."""

from stats.aggregation import live
from stats.aggregation.pages import SLOT_SECONDS, SLOTS, slot_of
from stats.aggregation.partial import KINDS
from stats.aggregation.registry import Process, Registry, Stat
from stats.aggregation.resting import Rest
from stats.aggregation.vitals import VITALS

REST_SLOTS = 60 * SLOTS  # after an hour without a value a stat goes to rest
FORGOTTEN_AFTER = 8 * 86_400.0  # seconds for which a process without stats was down: then it leaves


def set_back(registry: Registry, now: float) -> None:
    """The clock has stepped back: what was seen at times that are still to come was seen now."""
    for process in registry.processes():
        process.seen = min(process.seen, now)
        process.slot = min(process.slot, slot_of(now))
        process.heard = min(process.heard, now)
        process.begun = min(process.begun, now - SLOTS * SLOT_SECONDS)
        process.instances.set_back(now)


def lay_to_rest(registry: Registry, now: float) -> None:
    """Stats without a value for an hour give their rows back, and pages that nobody is on go."""
    for page in registry.pages:
        for row in page.idle(slot_of(now) - REST_SLOTS):
            stat = page.owners[row]
            if stat is not None:
                _rest(registry, stat, now)
    registry.pages = [page for page in registry.pages if not page.empty]


def _rest(registry: Registry, stat: Stat, now: float) -> None:
    process, account, page = stat.process, stat.process.account, stat.page
    if stat.kind == "c" or stat.name not in VITALS:  # what a process took of its machine an hour ago is no news
        number = {"c": page.total, "g": page.last, "ms": page.mean}[stat.kind][stat.row]
        account.resting.put(process.name, stat.kind, stat.name, Rest(live.whole(number), bool(page.emp[stat.row])))
    if account.watched_until > now:
        account.gone.add((process.name, stat.kind, stat.name))
    registry.release(stat)


def fold_away(registry: Registry, now: float) -> None:
    """What is over for long: instances that are down, and processes of which nothing is left."""
    for process in registry.processes():
        process.instances.fold(now)
        if process.seen < now - FORGOTTEN_AFTER and not _is_of_use(process):
            registry.remove(process.account.id, process.name)


def _is_of_use(process: Process) -> bool:
    stats = process.account.resting.of_process(process.name)
    return any(process.stats[kind] or stats[kind] for kind in KINDS)
