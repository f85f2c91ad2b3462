"""The `.prt` line and file: what is written is what is read, and damage stays small."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate
from stats.storage import day_table
from stats.storage.day_table import DayTable, parse_day
from stats.storage.prt import format_line, parse_line

QUERY = Aggregate(206.0, 2, 153.0, 53.0, 53.0, 153.0, 153.0, 53.0)

numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**6), 10**6).map(float))
sketches = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), max_size=20)


@st.composite
def aggregates(draw: st.DrawFn, skt: st.SearchStrategy[str] = sketches) -> Aggregate:
    low, high = sorted((draw(numbers), draw(numbers)))
    bot, top, first, last = (draw(numbers) for _ in range(4))
    return Aggregate(draw(numbers), draw(st.integers(1, 2**53)), high, low, bot, top, first, last, draw(skt))


def rows_of(table: DayTable) -> dict[int, Aggregate]:
    sketches = (table.sketches or b"\n" * len(table.minutes)).decode().split("\n")[:-1]
    rows = {}
    for minute, numbers, skt in zip(table.minutes.tolist(), table.columns.T.tolist(), sketches, strict=True):
        total, number, highest, lowest, bot, top, first, last = numbers
        rows[minute] = Aggregate(total, int(number), highest, lowest, bot, top, first, last, skt)
    return rows


def test_a_line_is_as_short_as_it_goes() -> None:
    assert format_line(847, QUERY) == b"14:07,206,2,153,53,53,153,153,53\n"
    assert format_line(0, QUERY._replace(skt="AbC=")) == b"00:00,206,2,153,53,53,153,153,53,AbC=\n"
    assert format_line(5, Aggregate(-0.0, 1, 1e21, 0.5, 1.5e-7, 10.0, -3.0, 100.25)) == (
        b"00:05,0,1,1e21,0.5,1.5e-7,10,-3,100.25\n"
    )


@given(st.integers(0, 1439), aggregates())
def test_a_line_reads_back_as_it_was(minute: int, aggregate: Aggregate) -> None:
    line = format_line(minute, aggregate)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_line(line[:-1]) == (minute, aggregate)


def test_numbers_that_numpy_or_python_integers_hold_are_written_the_same() -> None:
    of_numpy = QUERY._replace(sum=np.float64(206), lst=np.float64(53))
    assert format_line(847, of_numpy) == format_line(847, QUERY)
    assert format_line(847, Aggregate(206, 2, 153, 53, 53, 153, 153, 53)) == format_line(847, QUERY)


def test_a_sum_out_of_range_is_the_largest_number() -> None:
    parsed = parse_line(format_line(0, QUERY._replace(sum=math.inf))[:-1])
    assert parsed is not None
    assert parsed[1].sum == sys.float_info.max


@pytest.mark.parametrize(
    "impossible",
    [QUERY._replace(sum=math.nan), QUERY._replace(cnt=0), QUERY._replace(skt="a,b"), QUERY._replace(skt="a\nb")],
)
def test_what_would_break_a_line_is_refused(impossible: Aggregate) -> None:
    with pytest.raises(ValueError, match=r"a line|a sketch"):
        format_line(0, impossible)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"14:07",
        b"24:00,1,1,1,1,1,1,1,1",
        b"14:60,1,1,1,1,1,1,1,1",
        b"14:07,1,1,1,1,1,1,1",
        b"14:07,1,0,1,1,1,1,1,1",
        b"14:07,1,1.5,1,1,1,1,1,1",
        b"14:07,1,1,1,2,1,1,1,1",
        b"14:07,nan,1,1,1,1,1,1,1",
        b"14:07,1e999,1,1,1,1,1,1,1",
        b"14:07,1_0,1,1,1,1,1,1,1",
        b"14:07,1,1,1,1,1,1,1,1,",
        b"14:07,1,1,1,1,1,1,1,1,a b",
        b"\0" * 40,
    ],
)
def test_a_damaged_line_is_not_read_and_takes_no_other_with_it(line: bytes) -> None:
    assert parse_line(line) is None
    table = parse_day(format_line(0, QUERY) + line + b"\n" + format_line(1439, QUERY))
    assert rows_of(table) == {0: QUERY, 1439: QUERY}
    assert table.damaged == 1


@given(st.dictionaries(st.integers(0, 1439), aggregates(), max_size=30))
def test_a_file_reads_back_as_it_was(day: dict[int, Aggregate]) -> None:
    table = parse_day(b"".join(format_line(minute, day[minute]) for minute in sorted(day)))
    assert rows_of(table) == day
    assert table.damaged == 0
    assert (table.sketches is None) == (not any(one.skt for one in day.values()))


MARK = day_table._MARK  # what the fast way puts at the end of lines


def test_the_number_that_marks_the_end_of_a_line_can_stand_in_one() -> None:
    odd = QUERY._replace(bot=float(MARK), lst=float(MARK))
    assert rows_of(parse_day(format_line(0, QUERY) + format_line(1, odd))) == {0: QUERY, 1: odd}


def test_short_and_long_lines_are_not_taken_for_whole_ones() -> None:
    lines = b"00:01,1,1,1\n00:02,1,1\n00:05,1,1,1,1,1,1,1,1,%b,100,109,1,1,1,1,1,1,1,1\n" % MARK
    table = parse_day(lines + format_line(10, QUERY))
    assert rows_of(table) == {10: QUERY}
    assert table.damaged == 3


@given(st.lists(st.tuples(st.integers(0, 9), aggregates(st.just("")).filter(lambda one: abs(one.sum) < 1e300))))
def test_minutes_out_of_order_or_repeated_are_put_right(lines: list[tuple[int, Aggregate]]) -> None:
    table = parse_day(b"".join(format_line(minute, one) for minute, one in lines))
    expected: dict[int, list[Aggregate]] = {}
    for minute, one in lines:
        expected.setdefault(minute, []).append(one)
    read = rows_of(table)
    assert list(read) == sorted(expected)
    for minute, parts in expected.items():
        assert read[minute].cnt == sum(part.cnt for part in parts) or read[minute].cnt > 2**53
        assert (read[minute].max, read[minute].min) == (max(p.max for p in parts), min(p.min for p in parts))
        assert (read[minute].fst, read[minute].lst) == (parts[0].fst, parts[-1].lst)
        assert math.isclose(read[minute].sum, math.fsum(part.sum for part in parts), rel_tol=1e-9, abs_tol=1e290)
        assert len(parts) > 1 or read[minute] == parts[0]


def test_repeated_minutes_are_merged_as_partials_are() -> None:
    other = Aggregate(90.0, 3, 50.0, 10.0, 10.0, 50.0, 30.0, 10.0)
    table = parse_day(format_line(7, QUERY) + format_line(7, other))
    assert rows_of(table) == {7: merge_groups([[QUERY, other]])[0]}


@given(st.binary(max_size=200))
def test_no_content_is_too_odd_to_be_read(content: bytes) -> None:
    table = parse_day(content)
    assert table.columns.shape == (8, len(table.minutes))
    assert len(table.minutes) + table.damaged <= content.count(b"\n") + 1


def test_a_torn_last_line_is_left_out() -> None:
    whole = format_line(3, QUERY)
    table = parse_day(whole + format_line(4, QUERY)[:-3])
    assert rows_of(table) == {3: QUERY}
    assert table.damaged == 1


def test_an_empty_file_is_an_empty_day() -> None:
    assert len(parse_day(b"").minutes) == 0


def test_a_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        parse_day(format_line(0, QUERY)).columns[0, 0] = 1
