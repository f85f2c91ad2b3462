"""Lines made many at a time are the same as those made one by one, and what cannot be a line stops none beside it."""

import logging
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.cut import Minute
from stats.aggregation.instances import Instances, Tally
from stats.aggregation.pages import Page
from stats.aggregation.registry import Account, Process, Stat
from stats.aggregation.resting import Resting
from stats.storage.lines import Lines, of_minute, of_rows

MINUTE = 20773 * 1440 + 847
numbers = st.floats() | st.integers(-(10**6), 10**6).map(lambda n: n / 100)
counts = st.integers(1, 10**17)
values = st.tuples(numbers, counts, *[numbers] * 6)


def minute(columns: list[tuple[float, ...]], sketches: list[str] | None) -> Minute:
    page = Page[Stat](0)
    processes = [Process(Account(1, Resting(10)), name, 0.0, 0, Instances(Tally())) for name in ("api", "worker")]
    stats = [Stat(processes[number % 2], "ms", f"s{number}", page, number) for number in range(len(columns))]
    return Minute(MINUTE, stats, np.array(columns, dtype=float).reshape(-1, 8).T, sketches)


def texts(lines: list[Lines]) -> dict[tuple[str, str], bytes]:
    return {(one.process, file): text for one in lines for file, text in zip(one.files, one.texts, strict=True)}


@given(st.lists(st.tuples(values, st.sampled_from(["", "1abc"])), max_size=6), st.booleans())
def test_many_at_a_time_are_what_they_are_one_by_one(given: list[tuple[tuple[float, ...], str]], plain: bool) -> None:
    made = minute([row for row, _ in given], None if plain else [sketch for _, sketch in given])
    assert texts(of_minute(made)) == texts(list(of_rows(made.rows())))


def test_lines_come_by_process() -> None:
    lines = of_minute(minute([(1.0,) * 8] * 4, None))
    assert [(one.process, one.files) for one in lines] == [
        ("api", ["ms_s0.prt", "ms_s2.prt"]),
        ("worker", ["ms_s1.prt", "ms_s3.prt"]),
    ]
    assert lines[0].texts == [b"14:07,1,1,1,1,1,1,1,1\n"] * 2


def test_what_is_no_number_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    one = (1.0,) * 8
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        lines = of_minute(minute([one, (math.nan, *one[1:]), one, (math.inf, *one[1:])], None))
    assert set(texts(lines)) == {("api", "ms_s0.prt"), ("api", "ms_s2.prt"), ("worker", "ms_s3.prt")}
    assert len(caplog.records) == 1
