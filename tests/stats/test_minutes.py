"""The minutes that were flushed last, as those get them who evaluate them."""

import json
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async

from accounts.keys import make_key
from accounts.keytable import KeyEntry
from accounts.models import Account, Scope
from stats.aggregation.arithmetic import CNT, SUM
from stats.aggregation.commit import decode
from stats.engine_consumer import EngineConsumer
from stats.minutes import KEPT, AccountMinute, ProcessSeen
from stats.shard import Shard
from tests.stats.commits import body, partial
from tests.stats.conftest import Clock
from tests.stats.one_sketch import sketch_of

pytestmark = pytest.mark.django_db(transaction=True)


class Program:
    """Commits of an account's processes, each moving the clock on by five seconds."""

    def __init__(self, shard: Shard, clock: Clock, account_id: int) -> None:
        self._shard = shard
        self._clock = clock
        self._key = KeyEntry(1, account_id, "ingest", 0)

    def commit(self, *partials: dict[str, Any], process: str = "api", **fields: Any) -> None:
        self._clock.now += 5
        raw = json.dumps(body(process, *partials, **fields)).encode()
        self._shard.take(self._key, decode(raw), raw, None)

    async def flush(self) -> None:
        """Goes on to the minute's end."""
        end = (self._clock.now // 60 + 1) * 60
        while self._clock.now < end:
            self._clock.now = min(self._clock.now + 5, end)
            await self._shard.flush()


async def begun(shard: Shard, clock: Clock) -> tuple[int, Program]:
    """A new account on the shard."""
    account = await sync_to_async(Account.objects.create)(name="Acme")
    await sync_to_async(make_key)(account, "a", Scope.INGEST, None)
    await shard.keys.fresh()
    return account.pk, Program(shard, clock, account.pk)


async def asked(
    shard: Shard, account: int, after: int = 0, *, sketches: bool = False, reach: int = 60
) -> list[AccountMinute]:
    question = {"after": after, "sketches": sketches, "reach": reach}
    answer = await _answer(shard, {"type": "engine.minutes", "account": account, "asked": question})
    return msgspec.msgpack.decode(answer["data"], type=list[AccountMinute])


async def _answer(shard: Shard, message: dict[str, Any]) -> dict[str, Any]:
    handler = getattr(EngineConsumer(), message["type"].replace(".", "_"))
    await handler({**message, "reply": "asker"})
    answer: dict[str, Any] = await shard.layer.receive("asker")
    assert answer["ok"], answer
    return answer


async def test_the_flushed_minute_is_told_without_a_file_being_read(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    other, others = await begun(shard, clock)
    begin = clock.now
    program.commit(partial("new", [1, 2]), partial("live", [7], "g"), upt=3)
    others.commit(partial("new", [100]))
    program.commit(partial("new", [4]), upt=8)
    await program.flush()
    (minute,) = await asked(shard, account)
    assert (minute.minute, minute.whole) == (begin // 60, True)
    assert minute.stats == [("api", "c", "new"), ("api", "g", "live")]
    assert minute.values()[SUM].tolist() == [7, 7]
    assert minute.processes == [ProcessSeen("api", begin + 15, 8, begin + 15)]
    (theirs,) = await asked(shard, other)
    assert theirs.values()[SUM].tolist() == [100]


async def test_a_live_stat_without_values_is_told_with_a_count_of_zero(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    program.commit(partial("new", [1]))
    await program.flush()
    program.commit()
    await program.flush()
    quiet = (await asked(shard, account))[-1]
    assert quiet.stats == [("api", "c", "new")]
    assert quiet.values()[CNT].tolist() == [0]


async def test_who_asks_late_misses_nothing_for_some_minutes(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    first = int(clock.now // 60)
    await asked(shard, account)
    await program.flush()
    assert [one.minute for one in await asked(shard, account, first - 1)] == [first]
    for _ in range(KEPT + 3):
        program.commit(partial("new", [1]))
        await program.flush()
    newest = first + KEPT + 3
    assert [one.minute for one in await asked(shard, account, first)] == [*range(newest - KEPT, newest + 1)]
    assert [one.minute for one in await asked(shard, account, newest - 1)] == [newest]
    assert await asked(shard, account, newest) == []


async def test_after_the_clock_was_set_back_the_newest_minute_counts(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    await program.flush()
    (minute,) = await asked(shard, account, after=int(clock.now // 60) + 60)
    assert minute.minute == clock.now // 60 - 1


async def test_a_minute_in_which_the_server_was_not_there_from_the_begin_is_not_whole(
    shard: Shard, clock: Clock
) -> None:
    account, program = await begun(shard, clock)
    clock.now += 30  # it stood still
    program.commit(partial("new", [1]))
    await program.flush()
    assert not (await asked(shard, account))[-1].whole
    program.commit(partial("new", [1]))
    await program.flush()
    assert (await asked(shard, account))[-1].whole


async def test_sketches_come_only_when_they_are_asked_for(shard: Shard, clock: Clock) -> None:

    account, program = await begun(shard, clock)
    program.commit(partial("query", [5, 6], "ms", skt=sketch_of([5, 6])), partial("new", [1]))
    await program.flush()
    (without,) = await asked(shard, account)
    assert without.sketches == []
    (minute,) = await asked(shard, account, sketches=True)
    assert dict(zip([one[2] for one in minute.stats], minute.sketches, strict=True)) == {
        "new": "",
        "query": sketch_of([5, 6]),
    }


async def test_news_of_groups_are_what_came_in_the_minute(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    boom = {"lvl": "error", "msg": "boom", "typ": "ValueError", "cnt": 3}
    hm = {"lvl": "warning", "msg": "hm", "typ": "W", "cnt": 1}
    program.commit(evt=[boom])
    await program.flush()
    (first,) = (await asked(shard, account))[-1].groups
    assert (first.level, first.title, first.number, first.new) == ("error", "boom", 3, True)
    program.commit(evt=[boom, boom, hm])
    await program.flush()
    second = {one.title: one for one in (await asked(shard, account))[-1].groups}
    assert (second["boom"].number, second["boom"].new) == (6, False)
    assert (second["hm"].level, second["hm"].new) == ("warning", True)
    program.commit()
    await program.flush()
    assert (await asked(shard, account))[-1].groups == []


async def test_a_late_commit_is_heard_but_does_not_tell_of_now(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    program.commit(partial("new", [1]))
    program.commit(partial("new", [1]), age=120)
    answer = await _answer(shard, {"type": "engine.processes", "account": account})
    (process,) = msgspec.msgpack.decode(answer["data"], type=list[ProcessSeen])
    assert (process.seen, process.heard) == (clock.now - 5, clock.now)
    assert answer["listening"] == Clock.now


# --- what came late ---------------------------------------------------------------------------------------------------
async def test_what_came_late_is_told_with_the_next_minute_as_the_file_has_it(shard: Shard, clock: Clock) -> None:
    account, program = await begun(shard, clock)
    first = int(clock.now // 60)
    program.commit(partial("new", [1]), partial("query", [5], "ms", skt=sketch_of([5])))
    await program.flush()
    program.commit(partial("new", [2]), age=65)
    program.commit(partial("new", [3]), partial("query", [6], "ms", skt=sketch_of([6])), age=70)
    await program.flush()
    (minute,) = await asked(shard, account, first, sketches=True)
    (late,) = minute.late
    assert (late.minute, late.stats) == (first, [("api", "c", "new"), ("api", "ms", "query")])
    assert (late.values()[SUM].tolist(), late.values()[CNT].tolist()) == ([6, 11], [3, 2])
    assert late.sketches == ["", sketch_of([5, 6])]
    assert (await asked(shard, account, first))[0].late[0].sketches == []
    program.commit(partial("new", [1]))
    await program.flush()
    assert [one.late for one in await asked(shard, account, minute.minute)] == [[]]


async def test_what_came_late_is_told_of_minutes_within_reach_and_of_the_account_alone(
    shard: Shard, clock: Clock
) -> None:
    account, program = await begun(shard, clock)
    other, others = await begun(shard, clock)
    for age in (65, 125, 185):
        program.commit(partial("new", [1]), age=age)
    others.commit(partial("new", [1]), age=65)
    await program.flush()
    newest = int(clock.now // 60) - 1
    for reach, minutes in ((0, []), (2, [newest - 2, newest - 1]), (60, [newest - 3, newest - 2, newest - 1])):
        assert [one.minute for one in (await asked(shard, account, reach=reach))[0].late] == minutes, reach
    assert len((await asked(shard, other))[0].late) == 1
