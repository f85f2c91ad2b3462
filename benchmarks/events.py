"""Row `events`: CPU for a million events, in the programs that count them and in the server, beside statsd's.

20 programs with 10 stats each, 5,000 events a second each: a web worker that answers 500 requests a second and counts
ten things in each. The programs take turns within each twentieth of a second, so that statsd's socket is not flooded;
what is lost all the same costs it nothing, so its CPU is divided by the datagrams that reached it. All run 20 s: four
commits each, and a last one. Interpreters starting, the server's idling, and the same loop with the same pauses but
without counting are measured apart and subtracted on both sides.
"""

import random
import resource
import time
from collections.abc import Callable
from itertools import cycle, islice
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks import child
from benchmarks.report import Bar, Line, middle
from benchmarks.servers import Statsd, dattss, statsd
from tests.server import Keys, Server

Event = tuple[str, int]  # a stat, and a timer's milliseconds or 0

_BURST = 0.05  # seconds: events come in bursts, as requests do
_STATS = 10
_BARE_SHARE = 4  # the bare loop runs for a quarter of the time


def measure(rounds: int = 3, programs: int = 20, rate: int = 5000, seconds: float = 20.0) -> list[Line]:
    """With half the stats timers, then with counters alone."""
    lines = []
    with dattss(cpu=None) as (server, keys), TemporaryDirectory() as folder, statsd(Path(folder)) as peer:
        for timers, limit in ((True, 40), (False, 60)):
            shape = {"programs": programs, "rate": rate, "seconds": seconds, "timers": timers}
            pairs = [(_ours(server, keys, shape), _peer(peer, shape)) for _ in range(rounds)]
            what = "half counters, half timers" if timers else "counters alone"
            bar = Bar("ratio", 1 / limit, text=f"1/{limit}")
            mine, theirs = [sum(one) for one, _ in pairs], [sum(one) for _, one in pairs]
            program = sorted(one[0] for one, _ in pairs)[rounds // 2]
            note = f"{program:.3f} of ours in the programs"
            lines.append(
                middle(f"CPU of a million events, {what}, beside statsd", "s", mine, theirs, bar=bar, note=note)
            )
    return lines


def _ours(server: Server, keys: Keys, shape: dict[str, Any]) -> tuple[float, float]:
    """CPU seconds a million events, in the programs and in the server."""
    spent, events, served = _run("ours", server.pid, {"port": server.port, "key": keys.key}, shape)
    return spent / events * 1e6, served / events * 1e6


def _peer(peer: Statsd, shape: dict[str, Any]) -> tuple[float, float]:
    """The same of statsd; its server's share is that of a million events that reached it."""
    before = peer.lost()
    spent, events, served = _run("peer", peer.pid, {"port": peer.port, "key": ""}, shape)
    return spent / events * 1e6, served / (events - peer.lost() + before) * 1e6


def _run(side: str, server: int, target: dict[str, Any], shape: dict[str, Any]) -> tuple[float, int, float]:
    """CPU seconds in the programs, their events, and CPU seconds in the server."""
    count, seconds = shape["programs"], shape["seconds"]
    given = {**target, "rate": shape["rate"], "seconds": seconds, "timers": shape["timers"]}
    running = [
        child.Child(f"benchmarks.events:{side}", number=number, turn=number / count, **given) for number in range(count)
    ]
    for one in running:
        one.ready()
    idle = _idle(server, seconds / 4) * 4
    begun = _spent(server)
    for one in running:
        one.tell("go")
    spent, events = map(sum, zip(*(one.result() for one in running), strict=True))
    return spent, events, _spent(server) - begun - idle


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
    port: int, key: str, number: int, turn: float, rate: int, seconds: float, timers: bool
) -> tuple[float, int]:
    """CPU seconds and events of a program that counts with our client. A timer's text is made for each event."""
    import dattss  # noqa: PLC0415  (a program imports the client that it uses)

    dts = dattss.process(f"program-{number:02}", auth=key, url=f"http://127.0.0.1:{port}")
    agg = dts.agg

    def burst(events: list[Event]) -> None:
        for name, value in events:
            if value:
                agg(name, f"{value}ms")
            else:
                agg(name, "1c")

    dts.start()
    return _measured(burst, turn, rate, seconds, timers, dts.stop)


def peer(  # noqa: PLR0913, PLR0917  (as above)
    port: int,
    key: str,  # noqa: ARG001  (as ours is called)
    number: int,
    turn: float,
    rate: int,
    seconds: float,
    timers: bool,
) -> tuple[float, int]:
    """The same with statsd's client, as its documentation shows it: a datagram for each event."""
    from statsd import StatsClient  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415

    client = StatsClient("127.0.0.1", port, prefix=f"program-{number:02}")

    def burst(events: list[Event]) -> None:
        for name, value in events:
            if value:
                client.timing(name, value)
            else:
                client.incr(name)

    return _measured(burst, turn, rate, seconds, timers, client.close)


def _measured(  # noqa: PLR0913, PLR0917  (as above)
    burst: Callable[[list[Event]], None],
    turn: float,
    rate: int,
    seconds: float,
    timers: bool,
    end: Callable[[], object],
) -> tuple[float, int]:
    """CPU seconds of counting alone, and how many events. `turn`: which part of a pause the program begins at."""
    size = int(rate * _BURST)
    half = [(f"stat-{one}", 20 + 7 * one if timers and one % 2 else 0) for one in range(_STATS)]
    draw = random.Random(turn)
    events = [(name, value and int(draw.lognormvariate(log(value), 0.6))) for name, value in islice(cycle(half), size)]
    bursts = int(seconds / _BURST)
    child.ready()
    bare = _cpu(lambda: _each(bursts // _BARE_SHARE, turn, events, _nothing)) * _BARE_SHARE
    spent = _cpu(lambda: (_each(bursts, turn, events, burst), end()))
    return spent - bare, bursts * size


def _each(bursts: int, turn: float, events: list[Event], act: Callable[[list[Event]], None]) -> None:
    """`act` with all events at each moment of this program's turn, on a grid that all programs share."""
    due = (time.time() // _BURST + 1 + turn) * _BURST
    for _ in range(bursts):
        time.sleep(max(due - time.time(), 0.0))
        act(events)
        due += _BURST


def _nothing(events: list[Event]) -> None:
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
