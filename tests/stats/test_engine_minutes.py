"""The rolling minute and the 1-minute partials that are calculated from it."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.commit import Commit, InvalidCommit
from stats.aggregation.cut import Cut, calculated
from stats.aggregation.engine import Applied, Engine
from stats.aggregation.partial import MinuteRow
from tests.stats.commits import commit, partial

MINUTE = 28_000_000  # Unix minutes
START = MINUTE * 60.0


class Recorder:
    """An engine whose cuts are kept and calculated, as a flush does."""

    def __init__(self, most_stats: int = 100) -> None:
        self.engine = Engine(START, most_stats)
        self.rows: list[MinuteRow] = []

    def apply(self, account: int, sent: Commit, now: float) -> Applied:
        count = self.engine.check(account, sent)
        self.advance(now)
        return self.engine.apply(account, sent, now, count)

    def advance(self, now: float) -> None:
        self.keep(self.engine.advance(now))

    def keep(self, cut: Cut | None) -> None:
        if cut is not None:
            list(cut.complete())
            self.rows += cut.late
            self.rows += [row for minute in calculated(cut)[0] for row in minute.rows()]


def new_engine(most_stats: int = 100) -> Recorder:
    return Recorder(most_stats)


def ended(engine: Recorder, at: float) -> dict[tuple[int, str, str, str, int], MinuteRow]:
    engine.advance(at)
    return {row[:5]: row for row in engine.rows}


def test_a_minute_holds_exactly_what_was_sent_in_it() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", partial("new", [1, 2])), START + 1)
    engine.apply(1, commit("api", partial("new", [5])), START + 59.9)
    engine.apply(1, commit("api", partial("new", [7])), START + 60.1)
    row = ended(engine, START + 62)[1, "api", "c", "new", MINUTE].aggregate
    assert (row.sum, row.cnt, row.max, row.min, row.fst, row.lst) == (8, 3, 5, 1, 1, 5)


def test_accounts_and_processes_and_types_do_not_mix() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", partial("x", [1]), partial("x", [10], "g")), START)
    engine.apply(2, commit("api", partial("x", [100])), START)
    engine.apply(1, commit("job", partial("x", [1000])), START)
    sums = {key[:4]: row.aggregate.sum for key, row in ended(engine, START + 60).items()}
    assert sums == {
        (1, "api", "c", "x"): 1,
        (1, "api", "g", "x"): 10,
        (2, "api", "c", "x"): 100,
        (1, "job", "c", "x"): 1000,
    }


def test_a_minute_without_values_has_no_row() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", partial("x", [1])), START)
    assert [key[4] for key in ended(engine, START + 240)] == [MINUTE]


def test_a_late_commit_goes_to_the_minute_it_belongs_to() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", partial("x", [1])), START + 130)
    engine.apply(1, commit("api", partial("x", [2]), age=100), START + 131)
    engine.apply(1, commit("api", partial("x", [4]), age=8), START + 131)
    rows = ended(engine, START + 180)
    assert rows[1, "api", "c", "x", MINUTE].aggregate.sum == 2
    assert rows[1, "api", "c", "x", MINUTE + 2].aggregate.sum == 5


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", partial("x", [1])), START)
    engine.apply(1, commit("api", partial("x", [2])), START - 3600)
    engine.apply(1, commit("api", partial("x", [4])), START - 3595)
    engine.advance(START - 3500)
    assert [(row.minute, row.aggregate.sum) for row in engine.rows] == [(MINUTE, 1), (MINUTE - 60, 6)]


def test_closing_the_open_minute_hands_out_what_it_has_so_far() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", partial("x", [3])), START + 30)
    engine.keep(engine.engine.cut(START + 31))
    assert [row.aggregate.sum for row in engine.rows] == [3]


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        (partial("..", [1]), "prt.c[1].nam"),
        (partial("a/b", [1]), "prt.c[1].nam"),
        (partial("a\n", [1]), "prt.c[1].nam"),
        (partial("x", [1], min=2, max=1), "prt.c[1].min"),
        (partial("x", [1], cnt=1.5), "prt.c[1].cnt"),
    ],
)
def test_one_wrong_partial_refuses_the_whole_commit(wrong: dict[str, object], at: str) -> None:
    engine = new_engine()
    with pytest.raises(InvalidCommit) as refused:
        engine.apply(1, commit("api", partial("good", [1]), wrong), START)
    assert refused.value.at == at
    assert ended(engine, START + 60) == {}
    assert engine.engine.registry.stat_count == 0


def test_over_the_limit_known_stats_are_taken_and_new_ones_left_out() -> None:
    engine = new_engine(most_stats=2)
    engine.apply(1, commit("api", partial("a", [1]), partial("b", [1])), START)
    applied = engine.apply(1, commit("api", partial("c", [1]), partial("a", [2]), partial("d", [1])), START)
    assert applied == (1, 2)
    assert {key[3]: row.aggregate.sum for key, row in ended(engine, START + 60).items()} == {"a": 3, "b": 1}


def test_many_repeats_of_one_stat_in_one_commit_are_all_counted() -> None:
    engine = new_engine()
    engine.apply(1, commit("api", *[partial("x", [n]) for n in range(1, 501)], partial("y", [9])), START)
    rows = ended(engine, START + 60)
    one = rows[1, "api", "c", "x", MINUTE].aggregate
    assert (one.sum, one.cnt, one.fst, one.lst, one.max, one.min) == (125_250, 500, 1, 500, 500, 1)
    assert rows[1, "api", "c", "y", MINUTE].aggregate.sum == 9


def test_more_stats_than_a_page_holds() -> None:
    engine = new_engine(most_stats=10_000)
    for group in range(10):
        names = [f"s{group}.{n}" for n in range(900)]
        engine.apply(1, commit("api", *[partial(name, [group + 1]) for name in names]), START)
    rows = ended(engine, START + 60)
    assert len(rows) == 9000
    assert sum(row.aggregate.sum for row in rows.values()) == 900 * 55


events = st.lists(
    st.tuples(
        st.floats(0, 299, allow_nan=False),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["c", "ms", "g"]),
        st.lists(st.integers(-1000, 1000), min_size=1, max_size=4),
    ),
    max_size=40,
)


@given(events)
def test_every_minute_equals_a_plain_count(sent: list[tuple[float, str, str, list[float]]]) -> None:
    """Whatever comes when, each minute's exact fields are those of all its values in their order."""
    engine = new_engine()
    expected: dict[tuple[str, str, int], list[float]] = {}
    for at, name, kind, values in sorted(sent, key=lambda one: one[0]):
        engine.apply(1, commit("p", partial(name, values, kind)), START + at)
        expected.setdefault((kind, name, MINUTE + int(at // 60)), []).extend(values)
    rows = {key[2:]: row.aggregate for key, row in ended(engine, START + 300).items()}
    assert rows.keys() == expected.keys()
    for key, values in expected.items():
        row = rows[key]
        exact = (row.sum, row.cnt, row.max, row.min, row.fst, row.lst)
        assert exact == (sum(values), len(values), max(values), min(values), values[0], values[-1])
        assert row.min <= row.bot <= row.max
        assert row.min <= row.top <= row.max


@given(st.lists(st.floats(-1e280, 1e280), min_size=2, max_size=12))
def test_large_numbers_stay_finite(values: list[float]) -> None:
    engine = new_engine()
    for slot, value in enumerate(values):
        engine.apply(1, commit("p", partial("x", [value, value / 2], "ms")), START + slot * 5)
    row = ended(engine, START + 60)[1, "p", "ms", "x", MINUTE].aggregate
    assert all(math.isfinite(number) for number in row[:8])


def _next_commit(engine: Engine) -> None:
    apply(engine, commit("api", partial("x", [100]), partial("new", [1])), START + 61)


def _next_slot(engine: Engine) -> None:
    _next_commit(engine)
    engine.advance(START + 66)


def _long_pause(engine: Engine) -> None:
    engine.advance(START + 600)


def _clock_set_back(engine: Engine) -> None:
    engine.advance(START - 7200)


def _next_minute(engine: Engine) -> None:
    for second in range(61, 125, 5):
        engine.advance(START + second)
        apply(engine, commit("api", partial("x", [100])), START + second)


def apply(engine: Engine, sent: Commit, now: float) -> None:
    engine.apply(1, sent, now, engine.check(1, sent))


@pytest.mark.parametrize("follows", [_next_commit, _next_slot, _long_pause, _clock_set_back, _next_minute])
def test_a_cut_holds_its_minute_whatever_follows_before_it_is_complete(follows: Callable[[Engine], None]) -> None:
    engine = Engine(START, 100)
    for second in range(0, 60, 5):
        engine.advance(START + second)
        apply(engine, commit("api", partial("x", [second])), START + second)
    cut = engine.advance(START + 60)
    assert cut is not None
    follows(engine)
    list(cut.complete())
    (row,) = (row for minute in calculated(cut)[0] for row in minute.rows())
    one = row.aggregate
    assert (one.sum, one.cnt, one.max, one.min, one.fst, one.lst) == (sum(range(0, 60, 5)), 12, 55, 0, 0, 55)
