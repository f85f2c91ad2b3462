"""The rows of `make bench` that need no peer still work, in a tiny size."""

import importlib

import pytest

from benchmarks import child
from benchmarks.__main__ import ROWS
from benchmarks.report import Bar, Line, table


def test_a_bar_is_compared_with_what_it_is_of() -> None:
    assert Line("", ours=1.0, peer=50.0, bar=Bar("ratio", 1 / 40)).met is True
    assert Line("", ours=1.0, peer=30.0, bar=Bar("ratio", 1 / 40)).met is False
    assert Line("", ours=2.0, bar=Bar("ours", 3.0, most=False)).met is False
    assert Line("", bar=Bar("ours", 3.0)).met is None


def test_the_table_shows_small_ratios_as_fractions() -> None:
    assert "| 1/40 " in table([("row", Line("what", ours=1.0, peer=40.0))])


@pytest.mark.parametrize("row", ROWS)
def test_each_row_can_be_measured(row: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{row}").measure)


def test_flushes_are_measured() -> None:
    running = child.Child("benchmarks.flush:our_flushes", stats=200, rounds=0, sketches=True)
    running.ready()
    assert running.result()[0] > 0


def test_memory_is_measured() -> None:
    live, flushed = child.call("benchmarks.memory:growth", few=100, more=5000, commits=1)
    assert live > 0
    assert flushed > 0


def test_rules_are_measured() -> None:
    assert child.call("benchmarks.rules:judge", rules=70, bad=2) > 0
    assert child.call("benchmarks.rules:week") > 0
