"""What one call of a client library costs the program that makes it, in nanoseconds.

    python benchmarks/client_call.py

Peers are measured beside us where they are installed: `statsd` and `prometheus_client`.
"""

import importlib
import importlib.util
import sys
import timeit
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "clientlib" / "python"))

import dattss
from dattss.intake import FULL

CALLS = 200_000
ROUNDS = 5


def nanoseconds(statement: str, things: dict[str, object], calls: int = CALLS) -> tuple[float, float]:
    """Best and worst round, per call."""
    rounds = timeit.repeat(statement, globals=things, number=calls, repeat=ROUNDS)
    return min(rounds) / calls * 1e9, max(rounds) / calls * 1e9


def ours() -> Iterator[tuple[str, tuple[float, float]]]:
    """With a key but without a delivery: folding is in the figures, sending is not."""
    dts = dattss.process("bench", auth="0_" + "0" * 40, url="http://127.0.0.1:9", interval=3600)
    dts.stop(0)
    things = {"agg": dts.agg, "texts": iter([f"{number / 7:.3f}ms" for number in range(CALLS * ROUNDS)])}
    few = FULL // ROUNDS - 1  # the list does not get full: what the caller of a stat with less than 100 values/s pays
    dts.agg("query", "153ms")
    yield "dattss agg('query', '153ms'), folded elsewhere", nanoseconds("agg('query', '153ms')", things, few)
    yield "dattss agg('query', '153ms'), folded by the caller", nanoseconds("agg('query', '153ms')", things)
    yield "dattss agg('query', each another), folded by the caller", nanoseconds("agg('query', next(texts))", things)


def peers() -> Iterator[tuple[str, tuple[float, float]]]:
    """Those that are installed."""
    if importlib.util.find_spec("statsd"):
        client = importlib.import_module("statsd").StatsClient("127.0.0.1", 8129)
        yield "statsd timing('query', 153)", nanoseconds("timing('query', 153)", {"timing": client.timing}, CALLS // 10)
    if importlib.util.find_spec("prometheus_client"):
        counter = importlib.import_module("prometheus_client").Counter("query", "queries")
        yield "prometheus_client Counter.inc()", nanoseconds("inc()", {"inc": counter.inc})


def main() -> None:
    """Prints the table."""
    print(f"{'one call, in nanoseconds':58} {'best':>6} {'worst':>6}")
    for name, (best, worst) in (*ours(), *peers()):
        print(f"{name:58} {best:6.0f} {worst:6.0f}")


if __name__ == "__main__":
    main()
