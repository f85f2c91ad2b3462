import random
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain

import pytest
from dattss import repeats, sketch
from dattss.accumulator import EXACT, PCT, Accumulator
from dattss.fold import Interval
from dattss.values import Kind, Number, clean_name, is_name, parse_value, parse_values, read_alike, shortest
from hypothesis import given
from hypothesis import strategies as st

numbers = st.integers(-(10**20), 10**20) | st.floats(-1e200, 1e200).map(shortest)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("153ms", (153, "ms", False)),
        ("12ms!", (12, "ms", True)),
        ("1c", (1, "c", False)),
        ("-0.25g", (-0.25, "g", False)),
        ("3.0g", (3.0, "g", False)),
        ("007c!", (7, "c", True)),
        ("-0c", (0, "c", False)),
        ("123456789012345678901234567890c", (123456789012345678901234567890, "c", False)),
    ],
)
def test_a_value_is_read_as_number_type_and_emphasis(text: str, parsed: tuple[Number, str, bool]) -> None:
    assert parse_value(text) == parsed
    assert str(parse_value(text)) == str(parsed)  # the type of the number too


@pytest.mark.parametrize(
    "junk",
    [
        *[
            "",
            "c",
            "12",
            "12msXYZ",
            "+5g",
            "1e3c",
            "NaN",
            "NaNc",
            "infg",
            "12ms\n",
            " 1c",
            "1c ",
            "1c!!",
            "1_000c",
            ".5c",
        ],
        *["5.c", "--1c", "1,5ms", "\u0661c", "\uff11c", "1s", "1C", "1c\x00", "9" * 291 + "c", "-1" + "0" * 290 + "g"],
        *["9" * 5000 + "c", "1c" + " " * 10**6, None, 5, 5.0, b"1c", [], {}, object(), float("nan"), True],
    ],
)
def test_what_is_no_value_is_refused(junk: object) -> None:
    assert parse_value(junk) is None


@given(st.text() | st.text("0123456789.-+cmsg!eE\n ", max_size=12) | st.from_regex(r"-?\d+(\.\d+)?(c|ms|g)!?"))
def test_exactly_what_the_contract_names_is_a_value(text: str) -> None:
    contract = re.compile(r"-?[0-9]+(\.[0-9]+)?(c|ms|g)(!)?\Z")
    fits = contract.match(text) is not None and abs(float(re.sub("[cmsg!]+", "", text))) < 1e290
    assert (parse_value(text) is not None) == fits


@given(numbers.filter(lambda n: "e" not in repr(n)), st.sampled_from(["c", "ms", "g"]), st.booleans())
def test_a_number_survives_being_written_and_read(number: Number, kind: str, emphasis: bool) -> None:
    assert parse_value(f"{number!r}{kind}{'!' if emphasis else ''}") == (number, kind, emphasis)


@pytest.mark.parametrize("name", ["a", "api.query", "A-Z_0:9!", "...", "x" * 128])
def test_names_of_the_contract_are_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "a\n", "\u00e4", "x" * 129, None, 3, b"a", ["a"]])
def test_other_things_are_no_names(name: object) -> None:
    assert not is_name(name)


@given(st.text(max_size=300))
def test_any_text_can_be_made_a_name(text: str) -> None:
    cleaned = clean_name(text, "default")
    assert is_name(cleaned)
    assert not is_name(text) or not text.strip("_") or cleaned == text


def partial_of(values: list[Number]) -> Accumulator:
    stat = Accumulator("ms", "query")
    for value in values:
        stat.add(value)
    return stat


@given(st.lists(numbers, min_size=1, max_size=1500))
def test_a_partial_is_what_counting_by_hand_gives(values: list[Number]) -> None:
    partial = partial_of(values).partial()
    ranked = sorted(values)
    cut = int(0.1 * len(values))
    assert partial["sum"] == pytest.approx(
        float(sum(map(Fraction, values))), rel=1e-9, abs=1e-9 * max(map(abs, values))
    )
    assert {key: partial[key] for key in ("cnt", "min", "max", "fst", "lst", "bot", "top")} == {
        "cnt": len(values),
        "min": ranked[0],
        "max": ranked[-1],
        "fst": values[0],
        "lst": values[-1],
        "bot": ranked[cut],
        "top": ranked[len(values) - 1 - cut],
    }
    assert (partial["typ"], partial["nam"], partial["pct"], partial["emp"]) == ("ms", "query", 0.1, False)


@given(st.lists(st.integers(-(10**30), 10**30), min_size=1, max_size=1500))
def test_whole_numbers_are_summed_exactly(values: list[int]) -> None:
    total = partial_of(list(values)).partial()["sum"]
    assert total == sum(values)
    assert isinstance(total, int)


def test_fractions_are_not_rounded_at_each_step() -> None:
    assert partial_of([0.1] * 1000).partial()["sum"] == 100


@given(st.integers(EXACT + 1, 4 * EXACT), st.integers(0, 10**6), st.sampled_from(["c", "g", "ms"]))
def test_beyond_two_thousand_different_values_the_tails_are_estimated(count: int, seed: int, kind: Kind) -> None:
    values = list(range(count))
    random.Random(seed).shuffle(values)
    stat = Accumulator(kind, "live")
    for value in values:
        stat.add(value)
    partial = stat.partial()
    assert (partial["cnt"], partial["sum"], partial["min"], partial["max"]) == (count, sum(values), 0, count - 1)
    assert (partial["fst"], partial["lst"]) == (values[0], values[-1])
    assert partial["bot"] == pytest.approx(int(PCT * count), rel=0.01)
    assert partial["top"] == pytest.approx(count - 1 - int(PCT * count), rel=0.01)


@given(st.lists(numbers, min_size=1, max_size=50), st.lists(st.tuples(numbers, st.integers(1, 5)), min_size=1))
def test_counted_values_are_the_same_as_one_by_one(before: list[Number], counted: list[tuple[Number, int]]) -> None:
    first, last = counted[0][0], counted[-1][0]
    expected, stat = Accumulator("ms", "query"), Accumulator("ms", "query")
    for value in (*before, first, *(value for value, count in counted for _ in range(count)), last):
        expected.add(value)
    for value in before:
        stat.add(value)
    values, counts = zip(*counted, strict=True)
    stat.add_counted([*values, first, last], [*counts, 1, 1], first, last)
    one, other = stat.partial(), expected.partial()
    # How often a sum is rounded depends on what is summed up at once.
    assert one.pop("sum") == pytest.approx(other.pop("sum"), rel=1e-9, abs=1e190)  # type: ignore[misc]
    assert one == other


def test_no_values_are_no_partial() -> None:
    with pytest.raises(ValueError, match="no values"):
        Accumulator("c", "new").partial()


def test_one_name_may_have_values_of_each_type() -> None:
    interval = Interval()
    interval.add("query", "ms", 153, True)
    interval.add("query", "c", 1)
    assert interval.add_texts("query", ["23g", "2c", "nonsense", None]) == ["nonsense", None]
    assert len(interval) == 3
    taken = interval.take()
    assert [p["sum"] for p in taken["c"]] == [3]
    assert [p["sum"] for p in taken["g"]] == [23]
    assert [(p["sum"], p["emp"]) for p in taken["ms"]] == [(153, True)]


def test_an_interval_begins_anew_when_taken() -> None:
    interval = Interval()
    interval.add("new", "c", 5)
    interval.take()
    assert len(interval) == 0
    assert interval.take() == {"c": [], "ms": [], "g": []}


@given(st.lists(st.text("01.-cmsg!\n", max_size=6) | st.sampled_from(["1c", "2.5ms!", "0g", "1" * 2000 + "c"])))
def test_values_read_together_are_the_same_as_read_one_by_one(texts: list[str]) -> None:
    assert parse_values(texts) == {text: parse_value(text) for text in texts}


def test_whole_numbers_are_written_without_a_point() -> None:
    interval = Interval()
    interval.add_texts("live", ["3.0g", "4.00g"])
    [partial] = interval.take()["g"]
    assert [str(partial[key]) for key in ("sum", "min", "max", "fst", "lst", "bot", "top")] == list("7343434")


batches = st.lists(
    st.lists(st.sampled_from(["1c", "2ms!", "3.5g", "bad", "1c!", 7]), max_size=50)
    | st.builds(
        lambda suffix, texts: [f"{text}{suffix}" for text in texts],
        st.sampled_from(["c", "ms", "ms!", "g"]),
        st.lists(st.sampled_from(["1", "2", "-3", "0.5", "1.0", "12.25"]), min_size=1, max_size=80),
    )
    | st.just(["1c"] * 40)
    | st.just(["1c"] * 40 + ["x"])
    | st.just(["1c"] * 40 + ["1ms"]),
    max_size=6,
)


@given(batches)
def test_batches_of_texts_are_the_same_as_one_after_another(texts: list[list[object]]) -> None:
    at_once, one_by_one = Interval(), Interval()
    bad = [at_once.add_texts("x", batch) for batch in texts]
    for text in chain.from_iterable(texts):
        parsed = parse_value(text)
        if parsed is not None:
            one_by_one.add("x", parsed[1], parsed[0], parsed[2])
    assert bad == [[text for text in batch if parse_value(text) is None] for batch in texts]
    assert len(at_once) == len(one_by_one)
    assert at_once.names() == one_by_one.names()
    assert at_once.take() == one_by_one.take()


class Treacherous(str):
    """A text whose hash fails now and then."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise OSError("not today")


def test_objects_whose_hash_fails_lose_nothing_of_their_batch() -> None:
    interval = Interval()
    assert interval.add_texts("x", ["1c"] * 100) == []
    assert interval.add_texts("x", [*["1c"] * 50, Treacherous("2c"), *["1c"] * 50, []]) == [[]]
    [partial] = interval.take()["c"]
    assert (partial["cnt"], partial["sum"], partial["lst"]) == (201, 202, 1)


def test_a_batch_that_is_interrupted_spoils_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal handler may raise anywhere; here, right behind the reading of new texts."""
    interval = Interval()
    interval.add_texts("x", ["5ms"] * 100)

    def interrupted(texts: Sequence[object]) -> object:
        read_alike(texts)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(repeats, "read_alike", interrupted)
        with pytest.raises(KeyboardInterrupt):
            interval.add_texts("x", ["900ms", "1ms"] * 50)
    interval.add_texts("x", ["3ms"] * 100)
    [partial] = interval.take()["ms"]
    assert (partial["cnt"], partial["sum"], partial["max"], partial["lst"]) == (200, 800, 5, 3)


def test_values_that_vary_too_much_to_be_counted_are_all_there() -> None:
    interval = Interval()
    for start in range(0, 6000, 500):
        assert interval.add_texts("x", [f"{start + number // 2}ms" for number in range(500)]) == []
    [partial] = interval.take()["ms"]
    assert (partial["cnt"], partial["fst"], partial["lst"]) == (6000, 0, 5749)
    assert sum(sketch.decode(partial["skt"]).values()) == 6000


alike = st.sampled_from(["c", "ms", "g!"]).flatmap(
    lambda suffix: st.lists(
        st.from_regex(r"-?[0-9]{1,9}\.[0-9]{3}|-?[0-9]{1,18}|[-.0-9]{1,6}", fullmatch=True).map(lambda n: n + suffix)
        | st.from_regex(r"-?[0-9]{1,7}\.[0-9]{3}", fullmatch=True).map(lambda n: n + suffix),
        min_size=1,
        max_size=30,
    )
)


@given(alike)
def test_values_that_are_written_alike_are_read_as_one_by_one(texts: list[str]) -> None:
    read = read_alike(texts)
    assert read is None or [(n, read[0], read[1]) for n in read[2]] == [parse_value(text) for text in texts]


def test_timers_and_decimals_are_read_at_once() -> None:
    assert read_alike(["12.345ms", "0.070ms", "-1.000ms"]) == ("ms", False, [12.345, 0.07, -1])
    assert read_alike(["1.5g!", "2g!"]) == ("g", True, [1.5, 2])
    assert read_alike(["1c", "1ms"]) is None
    for zero in ("0g", "000g", "-0g", "0.0g"):
        assert read_alike([zero]) == ("g", False, [0]), zero
    assert read_alike(["0c", "0c"]) == ("c", False, [0, 0])


def test_a_timers_sketch_has_all_values_however_many() -> None:
    stat = partial_of([float(n) for n in [1] * 5000 + [100] * 5000 + [1000] * 200])
    partial = stat.partial()
    assert sum(sketch.decode(partial["skt"]).values()) == 10_200
    assert partial["bot"] == 1
    assert partial["top"] == pytest.approx(100, rel=0.01)
