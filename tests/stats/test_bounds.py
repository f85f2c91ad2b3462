"""What is kept for each account or event has a bound, so that a server's memory has one."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from stats.aggregation import late
from stats.aggregation.commit import Commit, Event, Partials
from stats.aggregation.engine import Engine
from stats.aggregation.groups import merged_rows
from stats.aggregation.watching import WATCH_SECONDS, Watching
from stats.events import LONGEST, Events
from stats.publisher import Publisher
from stats.ratelimit import RateLimit
from stats.selfwatch import SelfWatch
from tests.server import ROOT
from tests.stats.commits import commit, partial

START = 28_000_000 * 60.0


def test_a_rate_is_kept_only_while_it_is_used() -> None:
    rate = RateLimit(10)
    for account in range(1000):
        rate.take(account, 0.0)
    rate.forget(1.5)
    assert len(rate) == 0
    assert sum(rate.take(1, 2.0) for _ in range(20)) == 10
    rate.forget(2.5)
    assert not rate.take(1, 2.0)


def test_numbers_of_pages_that_nobody_looks_at_are_forgotten() -> None:
    engine = Engine(START, 10)
    publisher = Publisher(Watching(engine.registry), InMemoryChannelLayer(), lambda _account, _most: [])

    async def look_at_many() -> None:
        for account in range(50):
            await publisher.watch(account, None, START)
        await publisher.tick(START)
        assert len(publisher._numbers) == 50
        await publisher.tick(START + WATCH_SECONDS + 1)

    asyncio.run(look_at_many())
    assert publisher._numbers == {}
    assert publisher._told_slot == {}


def test_events_are_at_most_as_large_as_their_ring() -> None:
    events = Events()
    for _ in range(300):
        sent = Commit(nam="api", prt=Partials(), evt=[Event("error", "x" * 50_000, trc="y" * 50_000)])
        events.add(1, sent, START)
    assert 100 * 2 * LONGEST < events.nbytes < 100 * (2 * LONGEST + 1000)
    restored = Events()
    for account, file, entries in events.take_changed():
        restored.restore(account, file, entries)
    assert restored.nbytes == events.nbytes


def test_of_a_flood_of_events_in_one_commit_the_newest_are_kept() -> None:
    # As many as a body has room for; the long types are those that may be kept, since each is a copy of 16 KiB.
    long = ["t" * 50_000 if number % 1000 == 0 or number >= 299_000 else "t" for number in range(300_000)]
    flood = [Event("warning" if number % 1000 else "error", f"{number}", typ=typ) for number, typ in enumerate(long)]
    events = Events()
    shown = events.add(1, Commit(nam="api", prt=Partials(), evt=flood), START)
    assert [event["msg"] for event in shown if event["lvl"] == "error"] == [f"{n}000" for n in range(200, 300)]
    assert [event["msg"] for event in shown if event["lvl"] == "warning"] == [
        f"{n}" for n in range(299_900, 300_000) if n % 1000
    ]
    assert shown == events.recent(1, 1000)
    assert events.nbytes < 200 * (LONGEST + 1000)


def test_partials_that_wait_are_folded_before_they_are_too_many() -> None:
    engine = Engine(START, 100)
    sent = commit("api", *[partial("x", [1]) for _ in range(1000)])
    for _ in range(100):
        engine.apply(1, sent, START, engine.check(1, sent))
        [page] = engine.registry.pages
        assert sum(map(len, page._values)) <= 33_000 * 80
    [stat] = Watching(engine.registry).snapshot(1, START)["stats"]
    assert stat["total"] == 100_000


def test_late_rows_of_one_minute_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "MOST_LATE", 50 * late.ROW_BYTES)
    engine = Engine(START, 100)
    for number in range(500):
        sent = commit("api", partial("x", [1, number]), age=120.0 + 60.0 * (number % 10))
        engine.apply(1, sent, START, engine.check(1, sent))
        assert len(engine._late.rows) <= 51
    rows = merged_rows(engine.cut(START).late)
    assert len(rows) == 10
    assert sum(row.aggregate.sum for row in rows) == 500 + sum(range(500))
    assert {(row.aggregate.cnt, row.aggregate.fst) for row in rows} == {(100, 1)}


class Told:
    """A client that remembers what it was told."""

    def __init__(self) -> None:
        self.values: list[tuple[str, str]] = []

    def agg(self, name: str, value: str) -> None:
        self.values.append((name, value))


def test_what_is_counted_before_there_is_a_client_is_told_later() -> None:
    watch, client = SelfWatch(), Told()
    for status in (200, 200, 400):
        watch.commit(status, 0.001)
    watch.partials(7)
    watch.journal({"torn": 2})
    watch.sample({})
    watch.client = client
    watch.sample({"memory": 5.0})
    watch.sample({})
    told: dict[str, Any] = {}
    for name, value in client.values:
        told.setdefault(name, []).append(value)
    assert told["commits"] == ["2c"]
    assert told["commits.refused.400"] == ["1c"]
    assert told["partials"] == ["7c"]
    assert told["journal.torn"] == ["2c"]
    assert told["memory"] == ["5.00g"]


def test_one_commit_of_sixteen_is_timed() -> None:
    watch, client = SelfWatch(), Told()
    watch.client = client
    for _ in range(160):
        watch.commit(200, 0.001)
    assert client.values == [("ingest", "1.000ms")] * 10


def test_the_memory_of_the_process_is_known() -> None:
    # In a process of its own: one that runs tests has memory to spare, which was let go of and is used again.
    program = "from stats.selfwatch import resident_bytes as now; before = now(); block = bytearray(64 << 20)\n"
    program += "print(now() - before)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(run.stdout) > (64 << 20) * 0.9
