"""Live values of the last 60 seconds, and what a watching page is told."""

from typing import Any

import pytest

from stats.aggregation.commit import Commit
from stats.aggregation.engine import Engine
from stats.aggregation.live import states as states_of
from stats.aggregation.watching import Watching
from tests.stats.commits import commit, partial

START = 28_000_000 * 60.0


class Clocked(Engine):
    """An engine that is driven as a shard does it."""

    def send(self, account: int, sent: Commit, now: float) -> None:
        count = self.check(account, sent)
        self.advance(now)
        self.apply(account, sent, now, count)


def new_engine() -> Clocked:
    return Clocked(START, 100)


def live(engine: Clocked, at: float, name: str = "x") -> dict[str, Any]:
    engine.advance(at)
    snapshot = Watching(engine.registry).snapshot(1, at)
    return next(stat for stat in snapshot["stats"] if stat["nam"] == name)


def send_steadily(engine: Clocked, seconds: int, one: dict[str, Any], begin: float = 0.0) -> None:
    for at in range(0, seconds, 5):
        engine.send(1, commit("api", one), START + begin + at)


def test_a_rate_is_right_from_the_first_commit_on() -> None:
    engine = new_engine()
    for at in range(0, 200, 5):
        engine.send(1, commit("api", partial("x", [10])), START + at)
        assert live(engine, START + at + 0.1)["rate"] == pytest.approx(2.0)
        assert live(engine, START + at + 4.9)["rate"] == pytest.approx(2.0)


def test_a_rate_is_right_from_the_first_second_on_where_commits_come_each_second() -> None:
    engine = new_engine()
    for second in range(1, 30):
        engine.send(1, commit("api", partial("x", [10]), upt=float(second)), START + 2 + second)
        assert live(engine, START + 2 + second + 0.1)["rate"] == pytest.approx(10.0, rel=0.25)
        if second < 5:
            assert live(engine, START + 2 + second + 0.1)["rate"] == pytest.approx(10.0)


def test_a_rate_falls_where_a_young_process_is_gone() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [10]), upt=1.0), START + 1)
    assert live(engine, START + 1.1)["rate"] == pytest.approx(10.0)
    assert live(engine, START + 31)["rate"] < 1.0


def test_an_idle_stat_falls_to_zero_within_a_minute() -> None:
    engine = new_engine()
    send_steadily(engine, 60, partial("x", [10]))
    assert live(engine, START + 90)["rate"] < 2.0
    idle = live(engine, START + 55 + 60)
    assert (idle["rate"], idle["sum"], idle["total"]) == (0, 0, 120)


def test_a_stat_that_pauses_while_its_process_goes_on_falls_too() -> None:
    engine = new_engine()
    send_steadily(engine, 60, partial("x", [10]))
    send_steadily(engine, 60, partial("other", [1]), begin=60)
    assert live(engine, START + 115.1)["rate"] == 0


def test_a_gauge_at_zero_is_zero_and_an_idle_one_keeps_its_last_value() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [4, 0], "g")), START)
    now = live(engine, START + 1)
    assert (now["last"], now["avg"], now["min"], now["max"]) == (0, 2, 0, 4)
    engine.send(1, commit("api", partial("x", [7], "g")), START + 2)
    later = live(engine, START + 100)
    assert (later["last"], later["avg"], later["min"], later["max"]) == (7, None, None, None)


def test_a_timer_shows_the_newest_five_seconds_and_the_moving_minute() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [100, 200], "ms")), START)
    engine.send(1, commit("api", partial("x", [10], "ms")), START + 5)
    now = live(engine, START + 5.5)
    assert (now["last"], now["min"], now["max"]) == (10, 10, 200)
    assert now["avg"] == pytest.approx(310 / 3)
    assert now["rate"] == pytest.approx(3 / 10)


def test_a_spark_has_a_point_for_each_slot_and_gaps_where_nothing_was() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [3])), START)
    engine.send(1, commit("api", partial("x", [5])), START + 10)
    assert live(engine, START + 10)["spark"] == [None] * 9 + [3, None, 5]


def test_the_emphasis_of_the_newest_commit_counts() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [3], emp=True)), START)
    assert live(engine, START)["emp"] is True
    engine.send(1, commit("api", partial("x", [3])), START + 5)
    assert live(engine, START + 5)["emp"] is False


def test_states_of_a_process() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [3])), START)
    watching = Watching(engine.registry)
    states = {at: watching.snapshot(1, START + at)["processes"][0]["state"] for at in (0, 14.9, 15, 59.9, 60)}
    assert states == {0: "up", 14.9: "up", 15: "silent", 59.9: "silent", 60: "down"}


def test_a_late_commit_does_not_turn_a_process_back() -> None:
    engine = new_engine()
    engine.send(1, commit("api", upt=100), START + 50)
    engine.send(1, commit("api", upt=60, err=3, age=40), START + 51)
    process = Watching(engine.registry).snapshot(1, START + 51)["processes"][0]
    assert (process["upt"], process["err"], process["seen"]) == (100, 3, START + 50)


def test_the_first_commit_may_be_a_little_late() -> None:
    engine = new_engine()
    engine.send(1, commit("api", upt=60, mem=1 << 20, age=0.004), START + 1)
    process = Watching(engine.registry).snapshot(1, START + 1)["processes"][0]
    assert (process["upt"], process["mem"], process["seen"]) == (60, 1 << 20, START + 0.996)


def test_events_count_at_least_as_many_as_are_carried() -> None:
    engine = new_engine()
    events = [{"lvl": "error", "msg": "a", "cnt": 4}, {"lvl": "warning", "msg": "b"}]
    engine.send(1, commit("api", err=2, wrn=7, evt=events), START)
    process = Watching(engine.registry).snapshot(1, START)["processes"][0]
    assert (process["err"], process["wrn"]) == (4, 7)


def test_changes_are_collected_only_while_somebody_watches() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [1])), START)
    assert Watching(engine.registry).watched(START) == []
    Watching(engine.registry).watch(1, START)
    Watching(engine.registry).changes(1, START)
    engine.send(1, commit("api", partial("x", [1])), START + 1)
    engine.send(2, commit("api", partial("x", [1])), START + 1)
    changes = Watching(engine.registry).changes(1, START + 1)
    assert [(stat["nam"], stat["total"]) for stat in changes["stats"]] == [("x", 2)]
    assert Watching(engine.registry).changes(1, START + 1)["stats"] == []
    assert Watching(engine.registry).watched(START + 61) == []


def test_a_watching_page_is_told_when_time_alone_changes_a_value() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [6])), START)
    Watching(engine.registry).watch(1, START)
    Watching(engine.registry).changes(1, START)
    told: list[tuple[int, float]] = []
    for at in range(5, 90, 5):
        Watching(engine.registry).watch(1, START + at)
        engine.advance(START + at)
        told += [(at, stat["rate"]) for stat in Watching(engine.registry).changes(1, START + at)["stats"]]
    assert told[-1][1] == 0
    assert told[-1][0] <= 65
    assert [state["state"] for state in Watching(engine.registry).snapshot(1, START + 90)["processes"]] == ["down"]


def test_totals_survive_by_the_state_of_the_process() -> None:
    engine = new_engine()
    engine.send(1, commit("api", partial("x", [5]), partial("y", [0.5], "g"), err=2), START)
    [state] = states_of(engine.registry.account(1), START + 1)
    assert state["nam"] == "api"
    second = Clocked(START + 5, 100)
    second.registry.restore(1, state)
    second.send(1, commit("api", partial("x", [1])), START + 6)
    assert live(second, START + 6)["total"] == 6
    assert live(second, START + 6, "y")["last"] == 0.5
    assert Watching(second.registry).snapshot(1, START + 6)["processes"][0]["err"] == 2
