"""Sketches of timers on their way through the engine: the minute's percentiles are within 1 % of the true ones."""

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from dattss import sketch

from stats.aggregation import late, pages
from stats.aggregation.commit import InvalidCommit
from stats.aggregation.cut import calculated
from stats.aggregation.engine import Engine
from stats.aggregation.groups import merged_rows
from tests.stats.commits import commit, partial
from tests.stats.one_sketch import sketch_of

MINUTE = 28_000_000  # Unix minutes
START = MINUTE * 60.0


def timer(values: Sequence[float], name: str = "query", **fields: Any) -> dict[str, Any]:
    """A timer as our clients send it."""
    return partial(name, list(values), "ms", skt=sketch_of(values), **fields)


def uneven(draw: random.Random) -> list[list[float]]:
    """Twelve intervals with two peaks, of 3 to 400 values."""
    return [
        [draw.gauss(12, 2) if draw.random() < share else draw.lognormvariate(6, 0.4) for _ in range(size)]
        for share, size in zip((0.9, 0.1, 0.5) * 4, (3, 400, 40, 7) * 3, strict=True)
    ]


def true_tails(values: list[float]) -> tuple[float, float]:
    ranked = sorted(values)
    cut = int(0.1 * len(ranked))
    return ranked[cut], ranked[-1 - cut]


class Sender:
    """Sends to an engine, and takes the minutes that it hands out."""

    def __init__(self) -> None:
        self.engine = Engine(START, 100)

    def send(self, seconds: float, *partials: dict[str, Any], **fields: Any) -> None:
        sent = commit("api", *partials, **fields)
        given = self.engine.check(1, sent)
        self.engine.advance(START + seconds)
        self.engine.apply(1, sent, START + seconds, given)

    def minute(self, seconds: float = 60.0) -> tuple[list[Any], dict[str, Any]]:
        cut = self.engine.advance(START + seconds)
        assert cut is not None
        list(cut.complete())
        minutes, states = calculated(cut)
        return [*cut.late, *(row for one in minutes for row in one.rows())], states[0][2]


@pytest.mark.parametrize("most", [pages.MOST_SKETCHES, 100])
def test_percentiles_of_an_uneven_minute_are_within_one_per_cent(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(pages, "MOST_SKETCHES", most)  # with little room they are merged early, to the same
    monkeypatch.setattr(pages, "MERGE_STEP", 0)
    sender = Sender()
    intervals = uneven(random.Random(7))
    for slot, values in enumerate(intervals):
        sender.send(slot * 5.0, timer(values))
    [row], state = sender.minute()
    everything = [value for values in intervals for value in values]
    bot, top = true_tails(everything)
    assert (row.aggregate.bot, row.aggregate.top) == (pytest.approx(bot, rel=0.01), pytest.approx(top, rel=0.01))
    assert row.aggregate.skt == sketch.merge([sketch_of(values) for values in intervals])
    shown = state["stats"]["ms"]["query"]
    assert (shown["bot"], shown["top"]) == (row.aggregate.bot, row.aggregate.top)


def test_without_a_sketch_of_every_part_the_minute_is_estimated() -> None:
    sender = Sender()
    sender.send(0, timer([1, 2, 3]), timer([5, 6], "other"))
    sender.send(5, partial("query", [100, 200], "ms"), timer([7], "other"))
    rows = {row.name: row.aggregate for row in sender.minute()[0]}
    assert rows["query"].skt == ""
    assert rows["query"].cnt == 5
    assert rows["other"].skt == sketch_of([5, 6, 7])


def test_a_sketch_of_other_values_than_were_counted_is_left_out() -> None:
    sender = Sender()
    sender.send(0, partial("query", [1, 2, 3], "ms", skt=sketch_of([1, 2])))
    [row], _ = sender.minute()
    assert row.aggregate.skt == ""
    assert (row.aggregate.bot, row.aggregate.top) == (1, 3)


def test_tails_of_a_sketch_stay_between_the_lowest_and_the_highest_value() -> None:
    sender = Sender()
    sender.send(0, timer([100.0]))
    [row], _ = sender.minute()
    assert (row.aggregate.bot, row.aggregate.top) == (100, 100)


def test_a_minutes_only_partial_keeps_the_tails_that_its_client_knows() -> None:
    values = [float(value) for value in range(1, 101)]
    sender = Sender()
    sender.send(0, timer(values, bot=10.5, top=90.5))
    [row], _ = sender.minute()
    assert (row.aggregate.bot, row.aggregate.top) == (10.5, 90.5)
    assert row.aggregate.skt == sketch_of(values)


@pytest.mark.parametrize("most", [pages.MOST_SKETCHES, 100], ids=["merged at the end", "merged early"])
def test_two_partials_in_one_slot_have_those_of_their_sketches(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(pages, "MOST_SKETCHES", most)
    monkeypatch.setattr(pages, "MERGE_STEP", 0)
    _, low, high, *_ = uneven(random.Random(7))
    sender = Sender()
    for values in (low, high):
        sender.send(0, timer(values, bot=min(values), top=max(values)))
    [row], _ = sender.minute()
    bot, top = true_tails(low + high)
    assert (row.aggregate.bot, row.aggregate.top) == (pytest.approx(bot, rel=0.01), pytest.approx(top, rel=0.01))


def test_one_early_merge_is_of_a_bounded_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_SKETCHES", 40_000)
    monkeypatch.setattr(pages, "MOST_MERGED", 10_000)
    wide = sketch.encode(dict.fromkeys(range(39_000, 40_000), 1))  # 1 KB
    values = partial("query", [1.0], "ms", cnt=1000, skt=wide)
    sender = Sender()
    for _ in range(12):
        sender.send(0, values)
    sender.send(0, dict(values, nam="other"))
    [page] = sender.engine.registry.pages
    page._merge_sketches()
    assert [len(texts) for texts in page.sketches.values()] == [4, 1]  # of 12 one, where 9 have room
    assert page.sketch_bytes == sum(len(text) + pages.TEXT_BYTES for texts in page.sketches.values() for text in texts)


def test_the_next_minute_begins_without_sketches() -> None:
    sender = Sender()
    sender.send(0, timer([1, 2]))
    sender.minute()
    sender.send(61, timer([30]))
    [row], _ = sender.minute(120)
    assert row.aggregate.skt == sketch_of([30])


def test_a_late_commit_brings_its_sketch_to_its_minute() -> None:
    sender = Sender()
    sender.send(130, timer([5, 6]), age=100)
    sender.send(131, timer([7]), age=8)  # an earlier slot of this minute
    sender.send(132, timer([8]))
    rows, _ = sender.minute(180)
    assert {row.minute: row.aggregate.skt for row in rows} == {
        MINUTE: sketch_of([5, 6]),
        MINUTE + 2: sketch_of([7, 8]),
    }


@pytest.mark.parametrize("text", ["", "2" + sketch_of([5])[1:], "1", "1,", "1!\n1!", sketch_of([5]) + "\n", "é"])
def test_what_is_no_sketch_refuses_the_commit_and_says_where(text: str) -> None:
    sender = Sender()
    with pytest.raises(InvalidCommit) as refused:
        sender.send(0, timer([1]), timer([2], "b"), partial("c", [3], "ms", skt=text))
    assert refused.value.at == "prt.ms[2].skt"
    assert sender.engine.registry.stat_count == 0


@pytest.mark.parametrize("age", [0, 8], ids=["in this slot", "in an earlier one"])
def test_a_stat_with_very_many_commits_keeps_few_sketches(monkeypatch: pytest.MonkeyPatch, age: int) -> None:
    monkeypatch.setattr(pages, "MOST_SKETCHES", 50_000)
    monkeypatch.setattr(pages, "MERGE_STEP", 3_000)
    sender = Sender()
    draw = random.Random(1)
    for _ in range(2000):
        sender.send(10, timer([draw.lognormvariate(4, 1) for _ in range(20)]), age=age)
        [page] = sender.engine.registry.pages
        assert page.sketch_bytes <= 50_000
    [row], _ = sender.minute()
    assert row.aggregate.cnt == 40_000
    assert row.aggregate.skt


def test_late_sketches_of_one_minute_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "MOST_LATE", 50_000)
    sender = Sender()
    draw = random.Random(1)
    for _ in range(500):
        sender.send(130, timer([draw.lognormvariate(4, 1) for _ in range(200)]), age=100)
        assert 0 < sender.engine.memory()["late"] <= 50_000
        assert sum(len(row.aggregate.skt) for row in sender.engine._late.rows) < sender.engine.memory()["late"]
    [aggregate] = [row.aggregate for row in merged_rows(sender.engine.cut(START + 130).late)]
    assert (aggregate.cnt, bool(aggregate.skt)) == (100_000, True)
    assert sender.engine.memory()["late"] == 0


def test_numbers_in_a_sketch_that_nobody_can_have_change_nothing() -> None:
    sender = Sender()
    huge = f"1{sketch.ALPHABET[0]}{sketch.COUNT_DIGITS[-1] * sketch.MOST_COUNT_DIGITS}"
    sender.send(0, partial("query", [1, 2], "ms", skt=huge))
    [row], _ = sender.minute()
    assert (row.aggregate.cnt, row.aggregate.skt) == (2, "")
    assert math.isfinite(row.aggregate.top)
