"""Row `flush`: a minute of 100,000 live stats goes to its files: its CPU, beside whisper's, and commits meanwhile."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import child, load
from benchmarks.commits import Sender
from benchmarks.own_shard import Clock, open_account, start_shard
from benchmarks.report import Bar, Line, middle
from benchmarks.servers import LOAD_CPU, SERVER_CPU, dattss, pin
from stats.storage.paths import process_of
from tests.server import Server, wait_for

_STATS = 100  # of a process
_MINUTE = 60
_COMMITS = 12  # of a process in a minute
_FIELDS = ("sum", "cnt", "max", "min", "bot", "top", "fst", "lst")


def measure(rounds: int = 5, stats: int = 100_000, sample: int = 500, watched: bool = True) -> list[Line]:
    """Ours and whisper's updates in turn. `sample`: stats that whisper stores; its figure is scaled up from them.

    With `watched`, a real server is looked at too, which takes some minutes.
    """
    lines = _processor_time(rounds, stats, sample)
    return [*lines, _latency(stats)] if watched else lines


def _processor_time(rounds: int, stats: int, sample: int) -> list[Line]:
    function = "benchmarks.flush:our_flushes"
    plain = child.Child(function, cpu=SERVER_CPU, stats=stats, rounds=rounds, sketches=False)
    sketched = child.Child(function, cpu=SERVER_CPU, stats=stats, rounds=rounds, sketches=True)
    peer = child.Child("benchmarks.flush:whisper_updates", cpu=SERVER_CPU, stats=sample, rounds=rounds)
    children = (plain, sketched, peer)
    for one in children:
        one.ready()
    for _ in range(rounds):
        for one in children:
            one.tell("go")
            one.ready()
    for one in children:
        one.tell("end")
    first, *later = plain.result()
    whisper = [seconds * stats / sample for seconds in peer.result()]
    what = f"flush of {stats:,} live stats, CPU"
    scaled = f"whisper: 8 series a stat, scaled up from {sample} stats"
    return [
        middle(what, "s", later, bar=Bar("ours", 2.5), note="12 commits a minute"),
        middle(f"{what}, beside whisper", "s", later, whisper, bar=Bar("ratio", 1 / 6, text="1/6"), note=scaled),
        middle(f"{what}, half of them timers with 12 sketches", "s", sketched.result()[1:], whisper),
        middle(f"{what}, a day's first: its files are new", "s", [first]),
    ]


# --- in a child: our flush --------------------------------------------------------------------------------------------
def our_flushes(stats: int, rounds: int, sketches: bool) -> list[float]:
    """CPU seconds of each flush, the first with files that are new. The clock is ours, so that no minute is awaited."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        account = open_account(Path(folder))
        return asyncio.run(_our_flushes(account.key, load.senders(stats // _STATS, _STATS, sketches), rounds))


async def _our_flushes(key: str, senders: list[Sender], rounds: int) -> list[float]:
    from stats import runtime  # noqa: PLC0415  (needs the loaded app registry)

    clock = Clock()
    long_lived = await start_shard(10_000_000, clock)
    shard = runtime.shard
    assert shard is not None
    spent: list[float] = []
    for _ in range(rounds + 1):
        for _ in range(_COMMITS):
            await fill(key, senders)
            clock.forward(_MINUTE / _COMMITS)
            await long_lived.look()
        if spent:
            child.ready()
        begun = time.process_time()
        report = await shard.flush()
        spent.append(time.process_time() - begun)
        assert report["lines"] >= len(senders) * _STATS, report
    child.ready()
    return spent


async def fill(key: str, senders: list[Sender]) -> None:
    """A commit of each sender."""
    from stats import ingest  # noqa: PLC0415  (as above)

    for sender in senders:
        answer = await ingest.accept(key, "", sender.body(), "127.0.0.1")
        assert answer.status == 200, answer


# --- in a child: whisper ----------------------------------------------------------------------------------------------
def whisper_updates(stats: int, rounds: int) -> list[float]:
    """CPU seconds to store one minute of each field of each stat, a series each, as Graphite does."""
    import whisper  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415  (a peer)

    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        paths = [os.path.join(folder, f"{number}.{field}.wsp") for number in range(stats) for field in _FIELDS]
        for path in paths:
            whisper.create(path, [(_MINUTE, 1440)])
        begin = int(time.time()) // _MINUTE * _MINUTE - rounds * _MINUTE
        return [_updates(whisper.update, paths, begin + number * _MINUTE) for number in range(rounds)]


def _updates(update: Callable[[str, float, int], None], paths: list[str], at: int) -> float:
    child.ready()
    begun = time.process_time()
    for path in paths:
        update(path, 153.0, at)
    spent = time.process_time() - begun
    child.ready()
    return spent


# --- a real server: commits during the flush --------------------------------------------------------------------------
def _latency(stats: int) -> Line:
    """All stats are sent each 5 s, evenly, as their programs would, over two flushes; the second one is looked at."""
    with dattss() as (server, keys):
        until = (time.time() // _MINUTE + 3) * _MINUTE + 15
        given = {"port": server.port, "key": keys.key, "stats": stats, "until": until}
        running = child.Child("benchmarks.flush:steady_load", cpu=LOAD_CPU, **given)
        begun = until - 15
        wait_for(lambda: time.time() > begun - 5, 200, "the last minute to end")
        pin(server.pid, SERVER_CPU)
        ended = _end_of_flush(server, keys.account, begun)
        answered = [load.Answered(*one) for one in running.result()]
    during = [one.took * 1000 for one in answered if begun <= one.at <= ended]
    before = [one.took * 1000 for one in answered if begun - 20 <= one.at < begun - 5]
    note = f"the flush took {ended - begun:.1f} s; 20 to 5 s before it p99 was {p99(before):.0f} ms"
    return Line("p99 of a commit while it is flushed", "ms", p99(during), bar=Bar("ours", 50), note=note)


def _end_of_flush(server: Server, account: int, begun: float) -> float:
    """When the last state file of the account was replaced: a flush writes them last."""
    current = server.data / "stats" / str(account) / "current"
    return wait_for(lambda: _all_newer(current, begun), 50, "the flush to end")


def _all_newer(folder: Path, begun: float) -> float:
    states = [path for path in folder.iterdir() if process_of(path.name)]  # those in the making come and go
    times = [path.stat().st_mtime for path in states]
    return max(times) if times and min(times) > begun else 0.0


def steady_load(port: int, key: str, stats: int, until: float) -> list[load.Answered]:
    """Commits of 100 stats at the pace of 5 s, over 32 connections."""
    processes = max(stats // _STATS, 1)
    traffic = load.Load(port, key, load.dealt(load.senders(processes, _STATS), min(32, processes)))
    traffic.once()
    return traffic.steady(processes / 5, until)


def p99(values: list[float]) -> float:
    """The value that one in a hundred lies over."""
    return sorted(values)[int(len(values) * 0.99)]
