"""Row `restart`: a server with 100,000 live stats is killed, and takes commits again with every total right."""

import json
import time

from benchmarks import load
from benchmarks.report import Bar, Line, middle
from benchmarks.servers import dattss
from tests.server import Keys, Server

_STATS = 100  # of a process


def measure(rounds: int = 3, stats: int = 100_000) -> list[Line]:
    """Each round sends every stat once more, so that more and more is in files and the rest in the journal."""
    took, wrong = [], 0
    with dattss(cpu=None) as (server, keys):
        traffic = load.senders(max(stats // _STATS, 1), _STATS)
        for number in range(1, rounds + 1):
            _send(server, keys, traffic)
            server.kill()
            begun = time.perf_counter()
            server.start()
            took.append(time.perf_counter() - begun)
            wrong += _wrong(server, keys, traffic, number)
    note = "all totals right" if not wrong else f"{wrong} totals WRONG"
    limit = Bar("ours", 5.0 if not wrong else 0.0, text="5, all totals right")
    return [middle(f"kill -9 with {stats:,} live stats, until /healthz answers", "s", took, bar=limit, note=note)]


def _send(server: Server, keys: Keys, traffic: list[load.Sender]) -> None:
    generator = load.Load(server.port, keys.key, load.dealt(traffic, min(8, len(traffic))))
    generator.once()
    generator.close()


def _wrong(server: Server, keys: Keys, traffic: list[load.Sender], rounds: int) -> int:
    """How many counters have another total than what was acknowledged."""
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    processes = json.loads(reply.body)["processes"]
    states = {
        one["nam"]: one["stats"]["c"] for one in (processes.values() if isinstance(processes, dict) else processes)
    }
    return sum(
        states.get(sender.name, {}).get(name, {}).get("total") != counted * rounds
        for sender in traffic
        for name, counted in sender.counted.items()
    )
