"""A shard that starts again over what another one has left: its journal, its plan, its files."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from pytest_django import Settings

from accounts.keytable import KeyEntry
from accounts.models import Account
from stats.aggregation import live
from stats.aggregation.commit import decode
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.shard import Parts, Shard, Taken
from stats.storage.journal import Journal
from stats.storage.lines import of_rows
from stats.storage.prt_writer import Writer
from stats.storage.segment import Record
from tests.stats.commits import body, partial
from tests.stats.one_sketch import sketch_of

pytestmark = pytest.mark.django_db(transaction=True)

KEY = KeyEntry(1, 1, "ingest", 0)
BEGIN = 1_763_899_980.0  # of a minute


class Clock:
    """Unix time that goes on when told."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        return self.now


Starter = Callable[[], Awaitable[Shard]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def start(tmp_path: Path, clock: Clock) -> AsyncIterator[Starter]:
    """Starts a shard over the same folder again; the one before is left as a crash leaves it."""
    shards: list[Shard] = []
    await Account.objects.acreate(pk=KEY.account_id, name="Acme")

    async def start() -> Shard:
        keys = Keyring()
        await keys.start()
        parts = Parts(tmp_path / "stats", tmp_path / "journal", InMemoryChannelLayer(), False, 100, 0)
        shards.append(Shard(parts, keys, SelfWatch(), clock))
        await shards[-1].start()
        return shards[-1]

    yield start
    for shard in shards:
        await shard.stop()
        shard.keys.stop()


def send(shard: Shard, value: int, number: int | None = None, **fields: Any) -> Taken:
    numbered: dict[str, Any] = {} if number is None else {"iid": "one", "seq": number}
    raw = json.dumps(body("api", partial("x", [value]), **numbered, **fields)).encode()
    return shard.take(KEY, decode(raw), raw, None)


def total(shard: Shard) -> float:
    return sum(float(state["stats"]["c"]["x"]["total"]) for state in live.states(shard.registry.account(1), BEGIN))


def lines(folder: Path) -> list[list[str]]:
    """The first three fields (minute, sum, count) of all lines."""
    found = sorted((folder / "stats").rglob("c_x.prt"))
    return [line.split(",")[:3] for path in found for line in path.read_text().splitlines()]


async def test_a_flush_that_failed_half_way_counts_nothing_twice(tmp_path: Path, start: Starter, clock: Clock) -> None:
    shard = await start()
    send(shard, 5)
    clock.now += 60
    in_the_way = tmp_path / "journal" / "delivered"
    in_the_way.mkdir()  # the lines can be written, what follows cannot
    with pytest.raises(OSError, match="delivered"):
        await shard.flush()
    in_the_way.rmdir()
    await shard.flush()
    assert [line[1:] for line in lines(tmp_path)] == [["5", "1"]]


async def test_a_commit_that_cannot_be_read_any_more_is_kept_aside(tmp_path: Path, start: Starter) -> None:
    journal = Journal(tmp_path / "journal")
    journal.open_segment(7)
    old = Record(1, BEGIN, b'{"nam": "api", "prt": 5}')
    for record in (old, Record(1, BEGIN, json.dumps(body("api", partial("x", [3]))).encode())):
        journal.append(record)
    journal.close()
    assert total(await start()) == 3
    [refused] = (tmp_path / "journal").glob("*.refused")
    refused.rename(refused.with_name("9.log"))
    assert list(journal.read(9)) == [old]


async def test_an_unreadable_segment_costs_no_other_and_is_not_dropped(
    tmp_path: Path, start: Starter, clock: Clock
) -> None:
    first = await start()
    for value in (1, 2, 4):
        send(first, value, value)
        clock.now += 60
    segments = sorted((tmp_path / "journal").glob("*.log"))
    content = segments[1].read_bytes()
    segments[1].unlink()
    segments[1].mkdir()  # as a disk that does not give it
    second = await start()
    assert total(second) == 5
    await second.flush()
    kept = segments[1].with_suffix(".unreadable")
    assert kept.exists()

    # Once the disk gives it again, it can be put back; a commit that has come again in between counts once.
    assert send(second, 4, 4).dup
    kept.rmdir()
    segments[1].write_bytes(content)
    assert total(await start()) == 7


async def test_the_last_segment_may_be_unreadable(tmp_path: Path, start: Starter, clock: Clock) -> None:
    first = await start()
    send(first, 1)
    [segment] = (tmp_path / "journal").glob("*.log")
    segment.unlink()
    segment.mkdir()
    second = await start()
    send(second, 2)
    assert total(second) == 2
    clock.now += 60
    await second.flush()
    assert [line[1:] for line in lines(tmp_path)] == [["2", "1"]]


async def test_sketches_of_the_minute_are_replayed(tmp_path: Path, start: Starter, clock: Clock) -> None:
    first = await start()
    for value in (5, 900):
        raw = json.dumps(body("api", partial("q", [value], "ms", skt=sketch_of([value])))).encode()
        first.take(KEY, decode(raw), raw, None)
    second = await start()
    clock.now += 60
    await second.flush()
    [path] = (tmp_path / "stats").rglob("ms_q.prt")
    assert path.read_text().strip().split(",")[9] == sketch_of([5, 900])


async def test_a_resting_stat_goes_on_after_a_restart(start: Starter, clock: Clock) -> None:
    first = await start()
    send(first, 5)
    clock.now += 3700
    await first.flush()
    clock.now += 60
    await first.flush()
    assert first.engine.registry.stat_count == 0
    second = await start()
    assert second.engine.registry.stat_count == 0
    send(second, 2)
    assert total(second) == 7


async def test_a_damaged_memory_of_commits_stops_no_start(tmp_path: Path, start: Starter) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "delivered").write_bytes(b"\xc1 no msgpack")
    shard = await start()
    assert not send(shard, 1, 1).dup
    assert send(shard, 1, 1).dup


async def test_an_owner_that_starts_again_in_the_middle_of_a_move_writes_nothing_of_the_account_later(
    tmp_path: Path, start: Starter, clock: Clock, settings: Settings
) -> None:
    settings.DATTSS_SHARDS = 2
    shard = await start()
    send(shard, 5, number=1)
    moving = Account.objects.filter(pk=KEY.account_id)
    await moving.aupdate(moving_to=1, moves=1)
    await shard.keys.fresh()
    await shard.flush()
    assert KEY.account_id in shard.held  # its minute has not ended
    clock.now += 60
    await shard.flush()
    assert KEY.account_id not in shard.held

    again = await start()
    assert total(again) == 5
    clock.now += 60  # a minute ends, and is not flushed yet
    await moving.aupdate(shard=1, moving_to=None, moves=2)
    await again.keys.fresh()
    assert KEY.account_id not in again.held
    state = tmp_path / "stats" / "1" / "current" / "api.cur"
    state.write_text("the new owner's")
    clock.now += 60
    await again.flush()
    assert state.read_text() == "the new owner's"


async def test_an_account_that_comes_back_keeps_its_minutes_in_order(
    tmp_path: Path, start: Starter, clock: Clock, settings: Settings
) -> None:
    settings.DATTSS_SHARDS = 2
    shard = await start()
    moving = Account.objects.filter(pk=KEY.account_id)
    send(shard, 5)
    await moving.aupdate(moving_to=1, moves=1)
    await shard.keys.fresh()
    clock.now += 60
    await shard.flush()
    await moving.aupdate(shard=1, moving_to=None, moves=2)
    await shard.keys.fresh()
    assert KEY.account_id not in shard.held

    clock.now += 180
    there = MinuteRow(1, "api", "c", "x", int(clock.now // 60) - 1, Aggregate(7, 1, 7, 7, 7, 7, 7, 7))
    Writer(tmp_path / "stats").write(of_rows([there]))  # as the other shard does
    await moving.aupdate(shard=0, moves=3)
    await shard.keys.fresh()
    send(shard, 1, age=120)
    clock.now += 60
    await shard.flush()
    assert lines(tmp_path) == [["12:13", "5", "1"], ["12:15", "1", "1"], ["12:16", "7", "1"]]
