"""A commit that is sent again counts once, in whatever order commits come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation import delivered as module
from stats.aggregation.delivered import KEPT_SECONDS, Delivered, decoded, encoded

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
    second.load(decoded(encoded(first.dump())))
    for number in after:
        second.add(1, "a", number, 0.0)
    assert {number for number in range(70) if second.has(1, "a", number)} == set(before) | set(after)


def test_a_dump_does_not_change_with_what_comes_after_it() -> None:
    delivered = Delivered()
    delivered.add(1, "a", 5, 0.0)
    dump = delivered.dump()
    delivered.add(1, "a", 2, 0.0)
    restored = Delivered()
    restored.load(decoded(encoded(dump)))
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
    [(_, instances)] = delivered.dump()
    assert instances["a"].highest == 99_998
    assert len(instances["a"].gaps) <= 256
    assert not delivered.has(1, "a", 99_997)


@pytest.mark.parametrize("bound", ["MOST_INSTANCES", "MOST_OF_ALL"])
def test_the_longest_silent_instances_of_the_largest_account_go_first(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(module, bound, 100)
    delivered = Delivered()
    delivered.add(2, "other", 0, 0.0)
    for number in range(300):
        delivered.add(1, f"i{number}", 0, float(number))
        delivered.add(1, "i0", number + 1, float(number))
    known = {f"i{number}" for number in range(300) if delivered.has(1, f"i{number}", 0)}
    assert known >= {"i0", *(f"i{number}" for number in range(202, 300))}
    assert len(known) <= 100
    assert delivered.nbytes < 101 * 400
    assert delivered.has(2, "other", 0)
