"""The health of processes in the engine: stats of their own, restarts of the server, and processes that leave."""

from typing import Any

from stats.aggregation.ageing import FORGOTTEN_AFTER
from stats.aggregation.cut import calculated
from stats.aggregation.engine import Engine
from stats.aggregation.health import entries
from stats.aggregation.watching import Watching
from stats.storage import cur
from tests.stats.commits import commit, partial
from tests.stats.test_engine_live import START, Clocked, new_engine

EVENT = {"lvl": "error", "msg": "boom", "cnt": 5}


def stats(engine: Engine, at: float) -> dict[str, Any]:
    return {f"{stat['typ']}/{stat['nam']}": stat for stat in Watching(engine.registry).snapshot(1, at)["stats"]}


def health(engine: Engine, at: float, name: str = "api") -> dict[str, Any]:
    return next(entry for entry in entries(engine.registry.account(1), at) if entry["nam"] == name)


def test_memory_cpu_errors_and_warnings_are_stats() -> None:
    engine = new_engine()
    engine.send(1, commit("api", mem=1 << 20, cpu=1.5), START)
    assert set(stats(engine, START)) == {"g/dattss.memory.bytes", "g/dattss.cpu.percent"}
    engine.send(1, commit("api", partial("x", [1]), mem=3 << 20, cpu=0.5, err=2, evt=[EVENT]), START + 5)
    assert stats(engine, START + 5)["c/dattss.errors"]["total"] == 5
    engine.send(1, commit("api", wrn=4), START + 6)
    now = stats(engine, START + 6)
    assert (now["g/dattss.memory.bytes"]["min"], now["g/dattss.memory.bytes"]["last"]) == (1 << 20, 3 << 20)
    assert now["g/dattss.cpu.percent"]["avg"] == 1
    assert (now["c/dattss.errors"]["total"], now["c/dattss.warnings"]["total"]) == (5, 4)


def test_a_page_is_told_when_they_change() -> None:
    engine = new_engine()
    Watching(engine.registry).watch(1, START)
    for later, told in ((0, {"memory.bytes", "cpu.percent", "errors"}), (1, {"memory.bytes", "cpu.percent"})):
        engine.send(1, commit("api", mem=5, cpu=1, err=1 - later), START + later)
        stats = Watching(engine.registry).changes(1, START + later)["stats"]
        assert {stat["nam"].removeprefix("dattss.") for stat in stats} == told


def test_a_late_commit_tells_of_its_own_minute() -> None:
    engine = new_engine()
    engine.send(1, commit("api", mem=1), START + 61)
    engine.send(1, commit("api", mem=7, err=3, age=30), START + 65)
    ended = engine.advance(START + 120)
    assert ended is not None
    rows = {(row.kind, row.name, row.minute - START // 60): row.aggregate.sum for row in ended.late}
    assert rows == {("g", "dattss.memory.bytes", 0): 7, ("c", "dattss.errors", 0): 3}


def test_these_stats_do_not_count_for_the_limit() -> None:
    engine = Engine(START, 2)
    sent = commit("api", partial("a", [1]), partial("b", [1]), partial("c", [1]), mem=1, cpu=1, err=1)
    assert engine.apply(1, sent, START, engine.check(1, sent)) == (2, 1)
    assert len(stats(engine, START)) == 5
    engine.advance(START + 7200)  # all are at rest
    later = commit("api", partial("d", [1]), partial("e", [1]), partial("f", [1]), mem=1)
    assert engine.apply(1, later, START + 7200, engine.check(1, later)) == (2, 1)


def test_health_goes_on_from_the_file() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("dattss.lost", [3]), iid="a", seq=1, upt=5, hst="web1"), START)
    engine.send(1, commit("api", iid="a", seq=4, upt=20, age=9, err=2), START + 20)
    engine.send(1, commit("api", partial("dattss.bad", [2]), iid="b", seq=1, upt=5, mem=7), START + 60)
    before = health(engine, START + 61)
    _, states = calculated(engine.cut(START + 61))
    again = new_engine()
    for _, _, state in states:
        again.registry.restore(1, cur._decode(cur.encode(state)))
    assert health(again, START + 61) == before
    assert (before["restarts"], before["missing"], before["late"]) == (1, 2, 1)
    assert (before["lost"], before["bad"]) == (3, 2)
    assert [(one["iid"], one["state"], one["err"]) for one in before["instances"]] == [("b", "up", 0), ("a", "down", 2)]
    assert before["instances"][1]["hst"] == "web1"


def test_a_process_that_is_removed_leaves_nothing_and_comes_back_anew() -> None:
    engine = new_engine()
    Watching(engine.registry).watch(1, START + 3700)
    engine.send(1, commit("api", partial("rests", [4])), START)
    engine.advance(START + 3700)
    engine.send(1, commit("api", partial("x", [4]), iid="a", err=3), START + 3701)
    engine.send(1, commit("other", partial("x", [1])), START + 3701)
    Watching(engine.registry).watch(1, START + 3765)
    Watching(engine.registry).changes(1, START + 3765)
    engine.advance(START + 3765)
    engine.registry.remove(1, "api")
    assert {"proc": "api"} in Watching(engine.registry).changes(1, START + 3765)["gone"]
    assert [process["nam"] for process in Watching(engine.registry).snapshot(1, START + 3765)["processes"]] == ["other"]
    ended = engine.advance(START + 3780)
    assert ended is not None
    assert ended.removed == [(1, "api")]
    assert [process.name for process, _ in ended.processes] == ["other"]
    engine.send(1, commit("api", partial("rests", [1]), iid="a"), START + 3781)
    process = health(engine, START + 3781)
    assert (process["err"], process["restarts"], stats(engine, START + 3781)["c/rests"]["total"]) == (0, 0, 1)


def test_a_process_without_a_stat_leaves_after_eight_days_down() -> None:
    engine = new_engine()
    engine.send(1, commit("short", mem=1), START)
    engine.send(1, commit("kept", partial("x", [1])), START)
    assert names_after(engine, START + FORGOTTEN_AFTER - 120) == ["kept", "short"]
    assert names_after(engine, START + FORGOTTEN_AFTER + 120) == ["kept"]


def names_after(engine: Clocked, at: float) -> list[str]:
    engine.advance(at)
    return sorted(process["nam"] for process in Watching(engine.registry).snapshot(1, at)["processes"])
