"""Row `throughput`: commits of 20 partials a second on `/agg`, beside an application that only reads and answers."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import Child
from benchmarks.report import Bar, Line, middle
from benchmarks.servers import LOAD_CPU, bare_daphne, dattss, uvicorn


def measure(rounds: int = 5, seconds: float = 4.0, connections: int = 8, processes: int = 5000) -> list[Line]:
    """The servers run at the same time, and only one of them is under load."""

    def flood(port: int, key: str) -> float:
        given = {"port": port, "key": key, "seconds": seconds, "connections": connections, "processes": processes}
        return float(Child("benchmarks.load:flood", cpu=LOAD_CPU, **given).result())

    found: dict[str, list[list[float]]] = {}
    with dattss() as (server, keys), bare_daphne("daphne") as bare, bare_daphne("ours") as bare_on_ours:
        both = {"on Daphne": bare, "on Daphne as we run it": bare_on_ours}
        ours, *peers = _rounds(rounds, flood, [(server.port, keys.key), *((port, keys.key) for port in both.values())])
        found = {where: [ours, peer] for where, peer in zip(both, peers, strict=True)}
    with ExitStack() as stack:
        data = Path(stack.enter_context(TemporaryDirectory(prefix="dattss-bench-")))
        lane = stack.enter_context(uvicorn("benchmarks.lane_app:application", BENCH_DATA=str(data)))
        bare = stack.enter_context(uvicorn("benchmarks.bare_app:application"))
        key = (data / "key").read_text()
        found["on uvicorn"] = _rounds(rounds, flood, [(lane, key), (bare, key)])
    return [
        middle(f"commits a second, beside a bare application {where}", "1/s", ours, peer, bar=_bar(where))
        for where, (ours, peer) in found.items()
    ]


def _bar(where: str) -> Bar:
    return Bar("ratio", 0.5 if where == "on uvicorn" else 0.75, most=False)


def _rounds(rounds: int, flood: Callable[[int, str], float], servers: list[tuple[int, str]]) -> list[list[float]]:
    """What each server reached in each round; they take turns, the other way round in every second one."""
    reached: list[list[float]] = [[] for _ in servers]
    for number in range(rounds):
        turns = list(zip(servers, reached, strict=True))
        for server, figures in turns if number % 2 else reversed(turns):
            figures.append(flood(*server))
    return reached
