"""Sketches merged in columns: to the last bucket and character what the one-by-one way gives, whatever comes in."""

import tracemalloc
from collections.abc import Iterable

import numpy as np
import pytest
from dattss import sketch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stats.aggregation.sketches import batches
from stats.aggregation.sketches.batches import Batches, merge_joined, merge_many
from stats.aggregation.sketches.decoding import bounds_of, joined
from stats.aggregation.sketches.encoding import texts_of
from stats.aggregation.sketches.merging import merge
from tests.stats.one_sketch import is_sketch, quantiles, tails

PCT = 0.1
SHARES = [0, 0.001, 0.5, 0.99, 1]

keys = (
    st.integers(-sketch.MOST_KEY, sketch.MOST_KEY) | st.integers(40_100, 40_300) | st.sampled_from([0, sketch.MOST_KEY])
)
counts = st.integers(1, 20) | st.integers(1, 5000) | st.integers(1, sketch.MOST_COUNT)
made = st.dictionaries(keys, counts, min_size=1, max_size=60).map(sketch.encode)
wide = st.builds(
    lambda start, step, count: sketch.encode({start + step * place: count for place in range(1000)}),
    st.integers(39_000, 41_000),
    st.integers(1, 3),
    counts,
)
strange = st.from_regex(sketch._FORM, fullmatch=True)
texts = made | wide | strange
groups_of_texts = st.lists(st.lists(texts, min_size=1, max_size=8), min_size=1, max_size=5)


def merged_texts(group: list[str], sizes: NDArray[np.int64]) -> Batches:
    data = joined(group)
    return merge_joined(data, bounds_of(data), sizes)


def assert_as_one_by_one(groups: list[list[str]]) -> None:
    merged = merge_many(groups, PCT)
    wanted = [sketch.merge(group) for group in groups]
    assert merged.texts == wanted
    assert merged.totals.tolist() == [sum(sketch.decode(text).values()) for text in wanted]
    assert list(zip(merged.bot.tolist(), merged.top.tolist(), strict=True)) == [tails(text, PCT) for text in wanted]


@settings(deadline=None)
@given(groups_of_texts)
def test_merging_many_groups_is_merging_each(groups: list[list[str]]) -> None:
    assert_as_one_by_one(groups)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=12))
def test_quantiles_are_those_of_each_sketch(group: list[str]) -> None:
    told = merged_texts(group, np.ones(len(group), np.int64)).quantiles(SHARES)
    assert told.T.tolist() == [quantiles(sketch.merge([text]), SHARES) for text in group]


@settings(deadline=None)
@given(st.lists(st.lists(texts, min_size=1, max_size=5), min_size=1, max_size=5))
def test_what_was_merged_can_be_merged_again(groups: list[list[str]]) -> None:
    bins = merged_texts([text for group in groups for text in group], np.array(list(map(len, groups))))
    [whole] = texts_of(merge(bins.together(), np.array([len(groups)])))
    assert whole == sketch.merge(text for group in groups for text in group)


@pytest.mark.parametrize(
    "group",
    [
        ["1daM"],
        [sketch.encode({0: 7})] * 12,
        [sketch.encode({-sketch.MOST_KEY: sketch.MOST_COUNT, sketch.MOST_KEY: 1})] * 2000,
        [sketch.encode(dict.fromkeys(range(39_000, 40_024), 1)), sketch.encode({41_000: 1})],
        [sketch.encode(dict.fromkeys(range(39_000 + part, 43_000, 12), 3)) for part in range(12)],
        ["1nnnn!" + "~" * 12, "1mnnn!" + "~" * 12, "1" + "nnnn!" * 3000],
    ],
    ids=["one value", "zeros", "the ends, and too many", "one bucket too many", "interleaved", "as large as they go"],
)
def test_the_ends_of_what_there_is(group: list[str]) -> None:
    assert_as_one_by_one([group, ["1daM"], group])


@settings(deadline=None)
@given(groups_of_texts, st.text(max_size=20) | st.text(sketch.ALPHABET, max_size=20).map("1".__add__), st.data())
def test_what_is_no_sketch_takes_only_its_group_with_it(
    groups: list[list[str]], other: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(groups) - 1))
    spoiled = [[*group, other] if number == place else group for number, group in enumerate(groups)]
    wanted = [
        "" if number == place and not is_sketch(other) else sketch.merge(group) for number, group in enumerate(spoiled)
    ]
    merged = merge_many(spoiled, PCT)
    assert merged.texts == wanted
    assert [bool(total) for total in merged.totals] == list(map(bool, wanted))


@pytest.mark.parametrize("groups", [[], [[]], [[], ["1daM"], []], [[""], ["1daM", ""]], [["1daM\n1daM"], ["1daM"]]])
def test_groups_without_sketches_have_none(groups: list[list[str]]) -> None:
    merged = merge_many(groups, PCT)
    assert merged.texts == ["1daM" if group == ["1daM"] else "" for group in groups]
    assert merged.totals.tolist() == [int(group == ["1daM"]) for group in groups]
    assert len(merged.bot) == len(merged.top) == len(groups)


@pytest.mark.parametrize("text", ["1!" + "o" * 13, "1aaaaa!", "1" + "!" * 20_000, "2!", "1a", "1o!", "1!a", "1!,"])
def test_what_is_refused_alone_is_refused_among_others(text: str) -> None:
    assert not is_sketch(text)
    assert merge_many([["1daM"], [text], ["1daM", text]], PCT).texts == ["1daM", "", ""]


def test_each_group_may_have_its_own_share() -> None:
    text = sketch.encode(dict.fromkeys(range(40_000, 40_100), 1))
    merged = merge_many([[text]] * 3, np.array([0.0, 0.1, 0.5]))
    assert list(zip(merged.bot, merged.top, strict=True)) == [tails(text, pct) for pct in (0.0, 0.1, 0.5)]


def various(number: int) -> Iterable[str]:
    for place in range(number):
        yield sketch.encode({40_000 + (place * 7 + step * 3) % 500: 1 + place % 30 for step in range(40)})


def test_many_chunks_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = list(various(600))
    groups = [flat[start : start + 12] for start in range(0, 600, 12)]
    monkeypatch.setattr(batches, "CHUNK", 1000)
    assert_as_one_by_one(groups)
    sizes = np.array([12, 0, 588])
    assert texts_of(merged_texts(flat, sizes).together()) == [sketch.merge(flat[:12]), "", sketch.merge(flat[12:])]


def test_memory_does_not_grow_with_what_is_merged() -> None:
    longest = sketch.encode({-sketch.MOST_KEY + 144 * place: sketch.MOST_COUNT for place in range(sketch.MOST_BUCKETS)})
    tracemalloc.start()
    try:
        dozens = [[longest] * 12] * 20
        merged = merge_many([*dozens, ["1daM"], [longest] * 400, *dozens], PCT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert set(merged.texts) == {"1daM", sketch.merge([longest] * 12)}
    assert peak < 64 << 20
