"""A clock that is set: whatever it does, no minute is lost and none is counted twice."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.cut import Cut, calculated
from stats.aggregation.engine import Engine
from stats.aggregation.watching import Watching
from tests.stats.commits import commit, partial

MINUTE = 28_000_000
START = MINUTE * 60.0
HOUR = 3600.0


class Machine:
    """An engine and a clock that steps as told; `sums` adds up by minute what the cuts hold."""

    def __init__(self) -> None:
        self.now = START
        self.engine = Engine(START, 100)
        self.sums: dict[int, float] = {}

    def step(self, seconds: float) -> None:
        self.now += seconds

    def send(self, value: float, kind: str = "c", age: float = 0.0) -> None:
        sent = commit("api", partial("x", [value], kind), age=age)
        given = self.engine.check(1, sent)
        self.keep(self.engine.advance(self.now))
        self.engine.apply(1, sent, self.now, given)

    def end(self) -> dict[int, float]:
        self.keep(self.engine.advance(self.now + 120))
        return self.sums

    def keep(self, cut: Cut | None) -> None:
        if cut is None:
            return
        list(cut.complete())
        minutes, _ = calculated(cut)
        for row in (*cut.late, *(row for minute in minutes for row in minute.rows())):
            self.sums[row.minute] = self.sums.get(row.minute, 0) + row.aggregate.sum

    def stat(self) -> dict[str, Any]:
        self.keep(self.engine.advance(self.now))
        stats: list[dict[str, Any]] = Watching(self.engine.registry).snapshot(1, self.now)["stats"]
        return stats[0]

    def state(self) -> str:
        [process] = Watching(self.engine.registry).snapshot(1, self.now)["processes"]
        return str(process["state"])


def test_an_hour_back_and_forth() -> None:
    machine = Machine()
    machine.send(1)
    machine.step(-HOUR)
    machine.send(2)
    machine.step(HOUR)
    machine.send(4)
    machine.step(5)
    machine.send(8)
    assert machine.end() == {MINUTE - 60: 2, MINUTE: 13}


def test_an_hour_forth_and_back() -> None:
    machine = Machine()
    machine.send(1)
    machine.step(HOUR)
    machine.send(2)
    machine.step(5 - HOUR)
    machine.send(4)
    assert machine.end() == {MINUTE: 5, MINUTE + 60: 2}


def test_within_a_minute_the_clock_stands_still() -> None:
    machine = Machine()
    machine.step(70)
    machine.send(1)
    machine.step(-30)  # into the minute before
    machine.send(2)
    machine.step(35)
    machine.send(4)
    assert machine.end() == {MINUTE + 1: 7}


@given(
    st.lists(st.tuples(st.sampled_from([-7200.0, -3600.0, -59.0, -5.0, 0.0, 1.0, 5.0, 61.0, 3600.0]), st.booleans()))
)
def test_every_value_is_in_exactly_one_minute(steps: list[tuple[float, bool]]) -> None:
    machine = Machine()
    for number, (seconds, late) in enumerate(steps):
        machine.step(seconds)
        machine.send(2.0**number if number < 50 else 1.0, age=90.0 if late else 0.0)
    expected = sum(2.0**number if number < 50 else 1.0 for number in range(len(steps)))
    assert sum(machine.end().values()) == expected


def test_after_a_step_back_the_newest_value_is_the_newest() -> None:
    machine = Machine()
    machine.send(5, "g")
    machine.step(-HOUR)
    machine.send(7, "g")
    assert machine.stat()["last"] == 7


def test_after_a_step_back_rates_are_right() -> None:
    machine = Machine()
    for _ in range(12):
        machine.send(10)
        machine.step(5)
    machine.step(-HOUR)
    for _ in range(12):
        machine.send(10)
        assert machine.stat()["rate"] == 2.0
        machine.step(5)


def test_after_a_step_back_a_process_that_is_gone_is_seen_to_be() -> None:
    machine = Machine()
    machine.send(1)
    machine.step(-HOUR)
    machine.stat()
    assert machine.state() == "up"
    machine.step(61)
    assert machine.state() == "down"


def test_a_step_forth_forgets_no_total() -> None:
    machine = Machine()
    machine.send(1)
    machine.step(3 * HOUR)
    machine.send(2)
    assert machine.stat()["total"] == 3
    assert machine.end() == {MINUTE: 1, MINUTE + 180: 2}
