"""Groups of aggregates merged all at once: what comes out is what each group gives alone, and takes little memory."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate

numbers = st.integers(-1000, 1000).map(float)


def aggregate(values: list[float]) -> Aggregate:
    low, high = min(values), max(values)
    return Aggregate(sum(values), len(values), high, low, low, high, values[0], values[-1])


groups_of_parts = st.lists(
    st.lists(st.lists(numbers, min_size=1, max_size=4).map(aggregate), min_size=1, max_size=9), max_size=12
)


@given(groups_of_parts)
def test_groups_of_any_sizes_are_merged_as_each_alone(groups: list[list[Aggregate]]) -> None:
    for merged, group in zip(merge_groups(groups), groups, strict=True):
        (alone,) = merge_groups([group])
        # An estimate at the border of two roundings may fall to either side: sums of one row are added up otherwise.
        assert merged.bot == pytest.approx(alone.bot, rel=1e-5)
        assert merged.top == pytest.approx(alone.top, rel=1e-5)
        assert merged._replace(bot=alone.bot, top=alone.top) == alone


def test_one_group_with_very_many_parts_beside_many_groups_takes_little_memory() -> None:
    parts = [aggregate([float(number % 97), float(number % 31)]) for number in range(20_000)]
    groups = [[part] for part in parts[:5000]]
    groups += [parts[5000:15_000]]
    groups += [parts[start : start + 2] for start in range(15_000, 20_000, 2)]
    alone = [merge_groups([group])[0] for group in groups]
    tracemalloc.start()
    try:
        merged = merge_groups(groups)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert merged == alone
    assert peak < 40 << 20
