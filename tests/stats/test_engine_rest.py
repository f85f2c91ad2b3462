"""Stats without a value for an hour leave memory, and go on from where they were when they speak again."""

from typing import Any

from stats.aggregation import live
from stats.aggregation.commit import Commit
from stats.aggregation.cut import calculated
from stats.aggregation.engine import Engine
from stats.aggregation.pages import SIZE
from stats.aggregation.watching import Watching
from tests.stats.commits import commit, partial

START = 28_000_000 * 60.0
HOUR = 3600.0


class Driven:
    """An engine whose clock goes on minute by minute; `sums` adds up what its minutes hold."""

    def __init__(self, most_stats: int = 100) -> None:
        self.engine = Engine(START, most_stats)
        self.now = START
        self.sums: dict[str, float] = {}
        self.states: dict[str, dict[str, Any]] = {}

    def send(self, sent: Commit, account: int = 1) -> tuple[int, int]:
        given = self.engine.check(account, sent)
        return self.engine.apply(account, sent, self.now, given)

    def to(self, seconds: float) -> None:
        while self.now < START + seconds:
            self.now = min(self.now + 60, START + seconds)
            cut = self.engine.advance(self.now)
            if cut is not None:
                list(cut.complete())
                minutes, states = calculated(cut)
                for row in (row for minute in minutes for row in minute.rows()):
                    self.sums[row.name] = self.sums.get(row.name, 0) + row.aggregate.sum
                self.states.update({process: state for _, process, state in states})


def test_a_stat_rests_after_an_hour_and_its_process_stays_listed() -> None:
    driven = Driven()
    driven.send(commit("api", partial("x", [3])))
    driven.to(HOUR - 60)
    assert driven.engine.registry.stat_count == 1
    driven.to(HOUR + 120)
    assert driven.engine.registry.stat_count == 0
    assert driven.states["api"]["stats"]["c"] == {}
    assert driven.states["api"]["resting"]["c"] == {"x": {"total": 3, "emp": False}}
    snapshot = Watching(driven.engine.registry).snapshot(1, driven.now)
    assert [process["nam"] for process in snapshot["processes"]] == ["api"]
    assert snapshot["stats"] == []
    assert driven.sums == {"x": 3}


def test_it_comes_back_with_its_total_and_its_last_value() -> None:
    driven = Driven()
    sent = (partial("x", [3], emp=True), partial("x", [7], "g"), partial("x", [12], "ms"))
    driven.send(commit("api", *sent))
    driven.to(2 * HOUR)
    driven.send(commit("api", partial("x", [4])))
    driven.send(commit("api", partial("x", [8], "g"), age=500))  # of the past: the newest value is another one
    stats = {stat["typ"]: stat for stat in Watching(driven.engine.registry).snapshot(1, driven.now)["stats"]}
    assert stats["c"]["total"] == 7
    assert stats["g"]["last"] == 7
    [state] = live.states(driven.engine.registry.account(1), driven.now)
    assert state["resting"] == {"c": {}, "g": {}, "ms": {"x": {"last": 12, "emp": False}}}


def test_it_rests_over_a_restart_too() -> None:
    first = Driven()
    first.send(commit("api", partial("x", [3]), partial("x", [7], "g")))
    first.to(2 * HOUR)
    second = Driven()
    second.engine.registry.restore(1, first.states["api"])
    assert second.engine.registry.stat_count == 0
    second.send(commit("api", partial("x", [4])))
    second.to(60)
    assert second.states["api"]["stats"]["c"]["x"]["total"] == 7
    assert second.states["api"]["resting"]["g"] == {"x": {"last": 7, "emp": False}}


def test_the_limit_counts_live_stats_only_and_what_rests_longest_is_forgotten() -> None:
    driven = Driven(most_stats=2)
    driven.send(commit("api", partial("a", [1]), partial("b", [1])))
    assert driven.send(commit("api", partial("c", [1]))) == (0, 1)
    driven.to(2 * HOUR)
    assert driven.send(commit("api", partial("c", [1]), partial("d", [1]))) == (2, 0)
    driven.to(4 * HOUR)
    driven.send(commit("api", partial("a", [1]), partial("d", [1])))
    totals = {stat["nam"]: stat["total"] for stat in Watching(driven.engine.registry).snapshot(1, driven.now)["stats"]}
    assert totals == {"a": 1, "d": 2}


def test_an_open_page_is_told_what_is_gone() -> None:
    driven = Driven()
    driven.send(commit("api", partial("x", [3]), partial("y", [3])))
    for minutes in range(1, 62):
        Watching(driven.engine.registry).watch(1, driven.now + 1)
        driven.to(minutes * 60)
        changes = Watching(driven.engine.registry).changes(1, driven.now)
        if changes["gone"]:
            break
    assert sorted(one["nam"] for one in changes["gone"]) == ["x", "y"]
    assert changes["stats"] == []


def test_a_stat_that_goes_and_comes_back_before_the_page_hears_of_it_is_not_gone() -> None:
    driven = Driven()
    driven.send(commit("api", partial("x", [3])))
    driven.to(HOUR)
    Watching(driven.engine.registry).watch(1, driven.now + 60)
    driven.to(HOUR + 60)
    driven.send(commit("api", partial("x", [4])))
    changes = Watching(driven.engine.registry).changes(1, driven.now)
    assert changes["gone"] == []
    assert [stat["total"] for stat in changes["stats"]] == [7]


def test_rows_are_used_again_and_empty_pages_go() -> None:
    driven = Driven(most_stats=3 * SIZE)
    for group in range(3):
        driven.send(commit("api", *[partial(f"s{group}.{number}", [1]) for number in range(SIZE)]))
    assert driven.engine.memory()["stats"] > 3 * SIZE * 768
    driven.to(2 * HOUR)
    assert driven.engine.memory()["stats"] == 0
    driven.send(commit("api", partial("s0.7", [5])))
    [stat] = Watching(driven.engine.registry).snapshot(1, driven.now)["stats"]
    assert (stat["total"], stat["sum"]) == (6, 5)


def test_a_commit_that_was_checked_before_its_stats_went_to_rest_is_counted() -> None:
    driven = Driven()
    driven.send(commit("api", partial("x", [3])))
    sent = commit("api", partial("x", [4]))
    given = driven.engine.check(1, sent)
    driven.to(2 * HOUR)
    driven.send(commit("job", partial("y", [1])))  # may have the row of x
    driven.engine.apply(1, sent, driven.now, given)
    totals = {stat["nam"]: stat["total"] for stat in Watching(driven.engine.registry).snapshot(1, driven.now)["stats"]}
    assert totals == {"x": 7, "y": 1}


def test_nothing_is_lost_of_a_stat_that_speaks_once_an_hour() -> None:
    driven = Driven()
    for hours in range(6):
        driven.send(commit("api", partial("x", [1])))
        driven.to((hours + 1) * (HOUR + 59))
    driven.to(8 * HOUR)
    assert driven.sums == {"x": 6}
    assert driven.states["api"]["resting"]["c"]["x"]["total"] == 6
