"""Sketches: within 1 %, the same in whatever order they are merged, and harmless whatever a client sends."""

import json
import math
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from dattss import sketch
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate
from tests.stats.one_sketch import is_sketch, quantiles, sketch_of, tails

NODE = shutil.which("node")
MODULE = Path(__file__).parents[2] / "clientlib" / "nodejs" / "lib" / "sketch.js"

sizes = st.floats(1e-12, 1e12) | st.integers(1, 10**6).map(float) | st.floats(1.0, 1.2)
numbers = sizes | sizes.map(lambda size: -size) | st.just(0.0)
many = st.lists(numbers, min_size=1, max_size=200)


@given(many, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_every_quantile_is_within_one_per_cent(values: list[float], shares: list[float]) -> None:
    ranked = sorted(values)
    exact = [ranked[int(share * (len(ranked) - 1))] for share in shares]
    for told, true in zip(quantiles(sketch_of(values), shares), exact, strict=True):
        assert abs(told - true) <= 0.01 * abs(true)


@given(st.lists(many, min_size=1, max_size=6))
def test_merged_sketches_are_the_sketch_of_all_values_in_any_order(parts: list[list[float]]) -> None:
    texts = [sketch_of(part) for part in parts]
    whole = sketch_of([value for part in parts for value in part])
    assert sketch.merge(texts) == sketch.merge(reversed(texts)) == whole
    assert sketch.merge([sketch.merge(texts[:1]), *texts[1:]]) == whole


@given(
    st.dictionaries(st.integers(-sketch.MOST_KEY, sketch.MOST_KEY), st.integers(1, sketch.MOST_COUNT), min_size=1)
    | st.dictionaries(st.integers(39_990, 40_400), st.integers(1, 300), min_size=1, max_size=300)
)
def test_counts_survive_being_written_and_read(counts: dict[int, int]) -> None:
    text = sketch.encode(dict(counts))
    assert is_sketch(text)
    assert sketch.decode(text) == counts


def test_too_many_buckets_lose_the_lowest_first() -> None:
    counts = dict.fromkeys(range(38_000, 41_000), 1)
    text = sketch.encode(dict(counts))
    kept = sketch.decode(text)
    assert len(kept) == sketch.MOST_BUCKETS
    assert kept[41_000 - sketch.MOST_BUCKETS] == 3000 - sketch.MOST_BUCKETS + 1
    assert sketch.merge([text, text]) == sketch.encode({key: 2 * count for key, count in counts.items()})


def test_the_longest_sketch_there_is_may_be_sent() -> None:
    spread = 2 * sketch.MOST_KEY // sketch.MOST_BUCKETS
    text = sketch.encode({spread * place - sketch.MOST_KEY: sketch.MOST_COUNT for place in range(sketch.MOST_BUCKETS)})
    assert is_sketch(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "2!",
        "1a",
        "1o!",
        "1!a",
        "1!" + "o" * 13,
        "1aaaaa!",
        "1!,",
        "1! ",
        "1!\n",
        "1" + "!" * 20_000,
        "1\u00e9",
    ],
)
def test_what_is_no_sketch_is_refused(text: str) -> None:
    assert not is_sketch(text)
    with pytest.raises(sketch.SketchError):
        sketch.decode(text)


@given(st.from_regex(sketch._FORM, fullmatch=True))
def test_whatever_is_let_in_can_be_read_merged_and_is_bounded(text: str) -> None:
    assert is_sketch(text)
    merged = sketch.merge([text, text])
    assert is_sketch(merged)
    assert all(map(math.isfinite, (*tails(merged, 0.1), *quantiles(text, [0, 1]))))


@pytest.mark.parametrize("text", ["1nnnn!" + "~" * 12, "1mnnn!" + "~" * 12, "1" + "nnnn!" * 3000])
def test_huge_counts_and_keys_stay_bounded(text: str) -> None:
    merged = sketch.merge([text] * 12)
    assert is_sketch(merged)
    assert all(-sketch.MOST_KEY <= key <= sketch.MOST_KEY for key in sketch.decode(merged))


def line(values: list[float], skt: str) -> Aggregate:
    return Aggregate(
        sum(values), len(values), max(values), min(values), values[0], values[0], values[0], values[-1], skt
    )


def test_a_group_in_which_all_have_sketches_has_the_merged_one() -> None:
    parts = [[1.0] * 90, [1000.0] * 30]
    [merged] = merge_groups([[line(part, sketch_of(part)) for part in parts]])
    assert merged.skt == sketch_of(parts[0] + parts[1])
    assert (merged.bot, merged.top) == (1, 1000)


@pytest.mark.parametrize("other", ["", "nonsense"])
def test_a_group_in_which_one_has_none_is_estimated(other: str) -> None:
    [merged] = merge_groups([[line([1.0] * 90, sketch_of([1.0] * 90)), line([1000.0] * 30, other)]])
    assert merged.skt == ""


def test_a_sketch_of_more_or_fewer_values_than_were_counted_is_none_of_them() -> None:
    whole, half = sketch_of([1.0] * 90), sketch_of([1.0] * 45)
    [merged] = merge_groups([[line([1.0] * 90, whole), line([1000.0] * 30, half)]])
    assert merged.skt == ""
    assert (merged.bot, merged.top) == (1, 1000)


VECTORS = [
    [153.0],
    [0.0, -0.0, -3.5, -0.001, 1e-9, 1e289],
    [1.0, 1.02, 1.0404, 1.061208, 0.98],
    [round(0.037 * place**2.3, 3) for place in range(1, 1200)],
    [1.021**place for place in range(1, 1500)],
]


@pytest.mark.skipif(NODE is None, reason="no node; install it with: apt-get install nodejs")
def test_python_and_node_agree_bucket_for_bucket() -> None:
    program = (
        f"const sketch = require({str(MODULE)!r}); const texts = {json.dumps(VECTORS)}.map((values) => {{"
        "const counts = new Map(); values.forEach((value) => sketch.count(counts, value));"
        "return sketch.encode(counts); }); console.log(JSON.stringify([...texts, sketch.merge(texts)]))"
    )
    ended = subprocess.run([str(NODE), "-e", program], capture_output=True, text=True, timeout=60, check=True)
    texts = [sketch_of(values) for values in VECTORS]
    assert json.loads(ended.stdout) == [*texts, sketch.merge(texts)]


def test_bulk_and_single_counting_agree() -> None:
    for values in VECTORS:
        assert sketch.decode(sketch_of(values)) == sketch.decode(sketch.encode(Counter(map(sketch.key_of, values))))
