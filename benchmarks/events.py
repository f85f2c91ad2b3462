"""Row `events`: CPU for a million events, in the programs that count them and in the server, beside statsd's.

20 programs with 10 stats each, 5,000 events a second each: a web worker that answers 500 requests a second and counts
ten things in each. In sum that is 100,000 a second, which statsd's client and server take on two processors without
losing datagrams. All begin together and run 20 s: four commits each, and a last one. Interpreters starting,
the server's idling and the bare loop are measured apart and subtracted on both sides.
"""

import resource
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import child
from benchmarks.report import Bar, Line, middle
from benchmarks.servers import dattss, statsd

_BURST = 0.05  # seconds: events come in bursts, as requests do
_STATS = 10


def measure(rounds: int = 3, programs: int = 20, rate: int = 5000, seconds: float = 20.0) -> list[Line]:
    """With half the stats timers, then with counters alone."""
    lines = []
    with dattss(cpu=None) as (server, keys), TemporaryDirectory() as folder, statsd(Path(folder)) as (port, pid):
        ours = {"port": server.port, "key": keys.key}
        for timers, limit in ((True, 40), (False, 60)):
            shape = {"programs": programs, "rate": rate, "seconds": seconds, "timers": timers}
            pairs = [
                (_run("ours", server.pid, ours, shape), _run("peer", pid, {"port": port, "key": ""}, shape))
                for _ in range(rounds)
            ]
            what = "half counters, half timers" if timers else "counters alone"
            bar = Bar("ratio", 1 / limit, text=f"1/{limit}")
            mine, theirs = [sum(one) for one, _ in pairs], [sum(one) for _, one in pairs]
            program = sorted(one[0] for one, _ in pairs)[rounds // 2]
            note = f"{program:.3f} of ours in the programs"
            lines.append(
                middle(f"CPU of a million events, {what}, beside statsd", "s", mine, theirs, bar=bar, note=note)
            )
    return lines


def _run(side: str, server: int, target: dict[str, object], shape: dict[str, object]) -> tuple[float, float]:
    """CPU seconds a million events, in the programs and in the server."""
    count, seconds = int(str(shape["programs"])), float(str(shape["seconds"]))
    given = {**target, "rate": shape["rate"], "seconds": seconds, "timers": shape["timers"]}
    running = [child.Child(f"benchmarks.events:{side}", number=number, **given) for number in range(count)]
    for one in running:
        one.ready()
    idle = _idle(server, seconds / 4) * 4
    begun = _spent(server)
    for one in running:
        one.tell("go")
    spent, events = map(sum, zip(*(one.result() for one in running), strict=True))
    return spent / events * 1e6, (_spent(server) - begun - idle) / events * 1e6


def _idle(server: int, seconds: float) -> float:
    begun = _spent(server)
    time.sleep(seconds)
    return _spent(server) - begun


def _spent(pid: int) -> float:
    """CPU seconds of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


# --- in children: the programs ----------------------------------------------------------------------------------------
def ours(  # noqa: PLR0913, PLR0917  (a program and its events)
    port: int, key: str, number: int, rate: int, seconds: float, timers: bool
) -> tuple[float, int]:
    """CPU seconds and events of a program that counts with our client. A timer's text is made for each event."""
    import dattss  # noqa: PLC0415  (a program imports the client that it uses)

    dts = dattss.process(f"program-{number:02}", auth=key, url=f"http://127.0.0.1:{port}")
    agg = dts.agg

    def burst(events: list[tuple[str, int]]) -> None:
        for name, value in events:
            if value:
                agg(name, f"{value}ms")
            else:
                agg(name, "1c")

    dts.start()
    return _measured(burst, rate, seconds, timers, dts.stop)


def peer(  # noqa: PLR0913, PLR0917  (as above)
    port: int,
    key: str,  # noqa: ARG001  (as ours is called)
    number: int,
    rate: int,
    seconds: float,
    timers: bool,
) -> tuple[float, int]:
    """The same with statsd's client, as its documentation shows it: a datagram for each event."""
    from statsd import StatsClient  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415

    client = StatsClient("127.0.0.1", port, prefix=f"program-{number:02}")

    def burst(events: list[tuple[str, int]]) -> None:
        for name, value in events:
            if value:
                client.timing(name, value)
            else:
                client.incr(name)

    return _measured(burst, rate, seconds, timers, client.close)


def _measured(
    burst: Callable[[list[tuple[str, int]]], None], rate: int, seconds: float, timers: bool, end: Callable[[], object]
) -> tuple[float, int]:
    size = int(rate * _BURST)
    half = [(f"stat-{one}", 20 + 7 * one if timers and one % 2 else 0) for one in range(_STATS)]
    events = [(name, value and value + place % 89) for place, (name, value) in enumerate(islice(cycle(half), size))]
    bursts = int(seconds / _BURST)
    bare = _cpu(lambda: _each(bursts, events, _nothing))
    child.ready()
    spent = _cpu(lambda: (_each(bursts, events, burst), end()))
    return spent - bare, bursts * size


def _each(bursts: int, events: list[tuple[str, int]], act: Callable[[list[tuple[str, int]]], None]) -> None:
    due = time.monotonic()
    for _ in range(bursts):
        act(events)
        due += _BURST if act is not _nothing else 0.0
        time.sleep(max(due - time.monotonic(), 0.0))


def _nothing(events: list[tuple[str, int]]) -> None:
    for _name, value in events:
        if value:
            pass


def _cpu(act: Callable[[], object]) -> float:
    begun = _own()
    act()
    return _own() - begun


def _own() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
