"""A commit that is sent again counts once, in whatever order commits come."""

from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.delivered import KEPT_SECONDS, Delivered

numbers = st.lists(st.integers(0, 60), max_size=80)


@given(numbers)
def test_it_knows_exactly_the_numbers_that_came(sent: list[int]) -> None:
    delivered = Delivered()
    for number in sent:
        delivered.add(1, "a", number, 0.0)
    assert {number for number in range(70) if delivered.has(1, "a", number)} == set(sent)
    assert not delivered.has(2, "a", 0)
    assert not delivered.has(1, "b", 0)


@given(numbers, numbers)
def test_it_goes_on_after_a_restart(before: list[int], after: list[int]) -> None:
    first = Delivered()
    for number in before:
        first.add(1, "a", number, 0.0)
    second = Delivered()
    second.load(first.dump())
    for number in after:
        second.add(1, "a", number, 0.0)
    assert {number for number in range(70) if second.has(1, "a", number)} == set(before) | set(after)


def test_a_dump_does_not_change_with_what_comes_after_it() -> None:
    delivered = Delivered()
    delivered.add(1, "a", 5, 0.0)
    dump = delivered.dump()
    delivered.add(1, "a", 2, 0.0)
    restored = Delivered()
    restored.load(dump)
    assert not restored.has(1, "a", 2)


def test_it_forgets_an_instance_that_no_retry_can_come_from() -> None:
    delivered = Delivered()
    delivered.add(1, "old", 0, 0.0)
    delivered.add(1, "new", 0, KEPT_SECONDS)
    delivered.forget(KEPT_SECONDS + 1)
    assert not delivered.has(1, "old", 0)
    assert delivered.has(1, "new", 0)


def test_one_instance_with_many_gaps_takes_little_memory() -> None:
    delivered = Delivered()
    for number in range(0, 100_000, 2):
        delivered.add(1, "a", number, 0.0)
    [[_, highest, _, gaps]] = delivered.dump()["1"]
    assert highest == 99_998
    assert len(gaps) <= 256
    assert not delivered.has(1, "a", 99_997)
