"""What lives long is not searched again, and what nobody uses is not kept."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from dattss_site.long_lived import LongLived


class Thing:
    """Something that may be part of a cycle."""

    def __init__(self) -> None:
        self.me: Thing | None = None


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Python as it was, after a test."""
    yield
    gc.unfreeze()


def is_searched(thing: object) -> bool:
    """Whether a search for cycles looks at `thing`."""
    return any(one is thing for one in gc.get_objects())


async def test_what_is_there_is_put_aside_once_a_quarter_more_stats_are() -> None:
    counts = iter([100_000, 100_000, 125_000, 125_001, 125_001])
    long_lived = LongLived(lambda: next(counts))
    long_lived.put_aside()
    young = Thing()
    for _ in range(2):
        await long_lived.look()
        assert is_searched(young)
    await long_lived.look()
    assert not is_searched(young)


async def test_a_few_stats_are_not_worth_a_search() -> None:
    counts = iter([0, 4096, 4097, 4097])
    long_lived = LongLived(lambda: next(counts))
    long_lived.put_aside()
    young = Thing()
    await long_lived.look()
    assert is_searched(young)
    await long_lived.look()
    assert not is_searched(young)


async def test_stats_that_went_and_came_again_are_new_ones() -> None:
    counts = iter([100_000, 20_000, 100_000, 100_000])
    long_lived = LongLived(lambda: next(counts))
    long_lived.put_aside()
    await long_lived.look()
    again = Thing()
    await long_lived.look()
    assert not is_searched(again)


def test_cycles_that_nobody_uses_go_the_next_time() -> None:
    long_lived = LongLived(lambda: 0)
    thing = Thing()
    thing.me = thing
    lives = weakref.ref(thing)
    long_lived.put_aside()
    del thing
    gc.collect()
    assert lives() is not None  # it was put aside when somebody used it
    long_lived.put_aside()
    assert lives() is None
