"""Row `memory`: what one live stat more takes of the server's memory, at a low and at a high event rate."""

import asyncio
import gc
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from benchmarks import child
from benchmarks.commits import Sender
from benchmarks.flush import fill
from benchmarks.own_shard import Clock, open_account, start_shard
from benchmarks.report import Bar, Line

_STATS = 100  # of a process
_SLOT, _SLOTS = 5, 12
_sent = count()


def measure(rounds: int = 1, few: int = 10_000, more: int = 100_000) -> list[Line]:
    """Resident memory with `few` stats and with `more` on top; each rate in a process of its own."""
    lines = []
    for commits in (1, 10):
        kilobytes = [child.call("benchmarks.memory:growth", few=few, more=more, commits=commits) for _ in range(rounds)]
        live, flushed = (sorted(one[index] for one in kilobytes)[rounds // 2] for index in (0, 1))
        rate = f"{commits} commit{'s' if commits > 1 else ''} each 5 s"
        lines.append(Line(f"memory of a live stat, {rate}", "KB", live, bar=Bar("ours", 1.5)))
        lines.append(Line(f"the same after a flush, {rate}", "KB", flushed, note="what the flush leaves behind too"))
    return lines


def growth(few: int, more: int, commits: int) -> tuple[float, float]:
    """Kilobytes a stat, of `more` stats: over a minute of values, and once that minute was flushed."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        account = open_account(Path(folder))
        return asyncio.run(_growth(account.key, few, more, commits))


async def _growth(key: str, few: int, more: int, commits: int) -> tuple[float, float]:
    from stats import runtime  # noqa: PLC0415  (needs the loaded app registry)

    clock = Clock()
    await start_shard(10_000_000, clock)
    shard = runtime.shard
    assert shard is not None
    before, after = [], []
    for processes in (few // _STATS, (few + more) // _STATS):
        await _minute(key, processes, commits, clock)
        before.append(_resident())
        clock.to_next_minute()
        await shard.flush()
        after.append(_resident())
    return (before[1] - after[0]) / more, (after[1] - after[0]) / more


async def _minute(key: str, processes: int, commits: int, clock: Clock) -> None:
    """All stats in each slot, `commits` times in the first of them: a ring's size is known after that."""
    first = Sender("program", _STATS, sketches=False)
    for slot in range(_SLOTS):
        for number in range(processes):
            one = first.named(f"program-{number:05}")
            for _ in range(commits if slot == 0 else 1):
                one.sent = next(_sent)
                await fill(key, [one])
        if slot < _SLOTS - 1:
            clock.forward(_SLOT)


def _resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1024
