"""Row `shards`: commits a CPU second of four data servers beside one, arriving at their owner or anywhere.

What is counted is the CPU time of all processes of all servers and of Redis, not the time that passes: so that two
processors are enough to see what four servers would do on machines of their own. What they spend without load (Celery,
the agent of the machine) is measured apart and subtracted on both sides. All are under load at once; one server alone
is measured in the same round, with as many accounts and connections as each of the four has.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from benchmarks.child import Child, ready
from benchmarks.commits import Sender, requests
from benchmarks.load import Load
from benchmarks.report import Bar, Line
from tests.fleet import Fleet
from tests.server import Keys, Server

_SETTINGS = {"UDP_PORT": "0", "DATTSS_RATE_LIMIT": "0", "DATTSS_MAX_STATS": "1000000"}
_ACCOUNTS = 2  # on each shard
_IDLE_SECONDS = 3.0


def measure(rounds: int = 3, seconds: float = 6.0, connections: int = 64, shards: int = 4) -> list[Line]:
    """Two lines: at their owner, and at a random server, where all but one in `shards` have to be forwarded."""
    found: dict[str, list[float]] = {"one": [], "owner": [], "random": []}
    with _fleet(1) as (single, single_keys), _fleet(shards) as (several, keys):
        alone = [(single.shards[0], single_keys[0])]
        at_owner = [(several.shards[shard], keys[shard]) for shard in range(shards)]
        everybody = [key for of_shard in keys for key in of_shard]
        anywhere = [(server, everybody) for server in several.shards]
        for _ in range(rounds):
            found["one"].append(_per_cpu_second(single, alone, seconds, connections))
            found["owner"].append(_per_cpu_second(several, at_owner, seconds, connections))
            found["random"].append(_per_cpu_second(several, anywhere, seconds, connections))
    one = median(found["one"])
    return [
        _line(f"commits a CPU second, {shards} shards beside 1, at their owner", found["owner"], one, 0.95),
        _line("the same, at a random server", found["random"], one, 0.5),
    ]


def _line(what: str, ours: list[float], one: float, limit: float) -> Line:
    note = f"{min(ours):.0f} to {max(ours):.0f}; Redis included"
    return Line(what, "1/s", median(ours), one, Bar("ratio", limit, most=False), note)


@contextmanager
def _fleet(shards: int) -> Iterator[tuple[Fleet, list[list[Keys]]]]:
    """Data servers, and of each shard the accounts."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        fleet = Fleet(Path(folder), shards, **_SETTINGS)
        try:
            fleet.start()
            yield fleet, [[fleet.account_on(shard) for _ in range(_ACCOUNTS)] for shard in range(shards)]
        finally:
            fleet.end()


def _per_cpu_second(fleet: Fleet, load: list[tuple[Server, list[Keys]]], seconds: float, connections: int) -> float:
    """Commits for each second of CPU, with `connections` to each server and the keys dealt out to them."""
    generators = [
        Child(
            "benchmarks.shards:flood",
            port=server.port,
            keys=[one.key for one in keys],
            seconds=seconds,
            connections=connections,
        )
        for server, keys in load
    ]
    for one in generators:
        one.ready()
    idle = _idle(fleet)
    begun, at = _spent(fleet), time.monotonic()
    for one in generators:
        one.tell("go")
    commits = sum(one.result() for one in generators)
    return commits / (_spent(fleet) - begun - idle * (time.monotonic() - at))


def _idle(fleet: Fleet) -> float:
    """CPU seconds a second without load: four servers that share two processors do less each, but idle as much."""
    begun, at = _spent(fleet), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    return (_spent(fleet) - begun) / (time.monotonic() - at)


def _spent(fleet: Fleet) -> float:
    """CPU seconds so far of all servers, with their children, and of Redis."""
    processes = [psutil.Process(fleet.redis.pid)]
    for server in fleet.shards:
        parent = psutil.Process(server.pid)
        processes += [parent, *parent.children(recursive=True)]
    return sum(times.user + times.system for times in (one.cpu_times() for one in processes))


# --- in children: the load ------------------------------------------------------------------------------------------
def flood(port: int, keys: list[str], seconds: float, connections: int) -> int:
    """How many commits of 20 partials the server took, the connections dealt out to the keys."""
    senders = [Sender(f"program-{number:05}", 20) for number in range(connections)]
    sources = [requests([one], keys[number % len(keys)]) for number, one in enumerate(senders)]
    load = Load.of(port, sources)
    load.flood(min(1.0, seconds))  # connections are open, stats are known
    ready()
    return len(load.flood(seconds))
