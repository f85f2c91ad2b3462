"""What is let in as a sketch is what the client's codec reads, looked at one by one or together."""

import string

from dattss import sketch
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.sketch_form import are_sketches, is_sketch
from tests.stats import one_sketch

texts = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20).map(one_sketch.sketch_of)
characters = st.sampled_from([*sketch.ALPHABET, "\n", ",", '"', "é", *string.whitespace])
spoiled = st.builds(
    lambda text, at, more: text[: at % (len(text) + 1)] + more + text[at % (len(text) + 1) :],
    texts,
    st.integers(0, 100),
    st.text(characters, max_size=3),
)
candidates = texts | spoiled | st.text(characters, max_size=6).map(lambda text: sketch.VERSION + text)


@given(candidates)
def test_the_form_of_one_is_that_of_the_codec(text: str) -> None:
    assert is_sketch(text) == one_sketch.is_sketch(text)


@given(st.lists(candidates, max_size=6))
def test_many_together_are_as_each_by_itself(many: list[str]) -> None:
    assert are_sketches(many) == all(map(is_sketch, many))


def test_a_text_that_is_too_long_is_none() -> None:
    assert not is_sketch(sketch.VERSION + sketch.ALPHABET[0] * sketch.LONGEST)
