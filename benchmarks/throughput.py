"""Row `throughput`: commits of 20 partials a second on `/agg`, beside an application that only reads and answers."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import Child
from benchmarks.report import Bar, Line, middle
from benchmarks.servers import LOAD_CPU, bare_daphne, dattss, uvicorn


def measure(rounds: int = 5, seconds: float = 4.0, connections: int = 8, processes: int = 5000) -> list[Line]:
    """Both servers of a pair run at the same time, and only one of them is under load."""

    def flood(port: int, key: str) -> float:
        given = {"port": port, "key": key, "seconds": seconds, "connections": connections, "processes": processes}
        return float(Child("benchmarks.load:flood", cpu=LOAD_CPU, **given).result())

    found: dict[str, tuple[list[float], list[float]]] = {}
    with dattss() as (server, keys), bare_daphne() as bare:
        found["on Daphne"] = _rounds(rounds, lambda: flood(server.port, keys.key), lambda: flood(bare, keys.key))
    with ExitStack() as stack:
        data = Path(stack.enter_context(TemporaryDirectory(prefix="dattss-bench-")))
        lane = stack.enter_context(uvicorn("benchmarks.lane_app:application", BENCH_DATA=str(data)))
        bare = stack.enter_context(uvicorn("benchmarks.bare_app:application"))
        key = (data / "key").read_text()
        found["on uvicorn"] = _rounds(rounds, lambda: flood(lane, key), lambda: flood(bare, key))
    bars = {"on Daphne": Bar("ratio", 0.75, most=False), "on uvicorn": Bar("ratio", 0.5, most=False)}
    return [
        middle(f"commits a second {where}, beside a bare application", "1/s", ours, peer, bar=bars[where])
        for where, (ours, peer) in found.items()
    ]


def _rounds(rounds, ours, peer) -> tuple[list[float], list[float]]:  # type: ignore[no-untyped-def]
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
