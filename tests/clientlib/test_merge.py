import pytest
from dattss.accumulator import Accumulator, Partial
from dattss.merge import merge, merge_all
from dattss.values import Number
from hypothesis import given
from hypothesis import strategies as st

values_of_an_interval = st.lists(st.integers(-1000, 1000), min_size=1, max_size=40)


def partial_of(values: list[Number], nam: str = "query", emphasis: bool = False) -> Partial:
    stat = Accumulator("ms", nam)
    for value in values:
        stat.add(value, emphasis)
    return stat.partial()


@given(st.lists(values_of_an_interval, min_size=1, max_size=6))
def test_merged_intervals_are_as_exact_as_one_long_interval(intervals: list[list[int]]) -> None:
    merged = merge([partial_of(list(values)) for values in intervals])
    whole = partial_of([value for values in intervals for value in values])
    for field in ("typ", "nam", "pct", "sum", "cnt", "max", "min", "fst", "lst", "emp"):
        assert merged[field] == whole[field]
    assert merged["min"] <= merged["bot"] <= merged["top"] <= merged["max"]


def test_low_and_high_tenth_weigh_intervals_by_their_counts() -> None:
    busy, idle = partial_of(list(range(1000))), partial_of([5000, 5001])
    merged = merge([busy, idle])
    assert merged["bot"] == pytest.approx(100, rel=0.02)
    assert merged["top"] == pytest.approx(900, rel=0.02)


def test_a_single_partial_stays_as_it_is() -> None:
    partial = partial_of([3, 1, 2])
    assert merge([partial]) == partial


def test_equal_values_stay_exact() -> None:
    merged = merge([partial_of([0.1]), partial_of([0.1])])
    assert (merged["bot"], merged["top"]) == (0.1, 0.1)


def test_emphasis_of_one_interval_is_kept() -> None:
    assert merge([partial_of([1]), partial_of([1], emphasis=True)])["emp"] is True


def test_stats_are_merged_by_name_and_type() -> None:
    merged = merge_all(
        [
            {"c": [], "ms": [partial_of([1], "a"), partial_of([2], "b")], "g": []},
            {"c": [], "ms": [partial_of([3], "b")], "g": []},
        ]
    )
    assert {p["nam"]: (p["cnt"], p["sum"]) for p in merged["ms"]} == {"a": (1, 1), "b": (2, 5)}
    assert merged["c"] == merged["g"] == []
