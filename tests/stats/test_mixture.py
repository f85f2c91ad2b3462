"""The estimate of BOT and TOP: the quantile of the mixture, in whatever range the values are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.mixture import estimate

Part = tuple[float, float, float, float, float]  # cnt, min, bot, top, max

whole = st.integers(-1000, 1000).map(float)


@st.composite
def partials(draw: st.DrawFn, values: st.SearchStrategy[float] = whole) -> Part:
    low, bottom, top, high = sorted(draw(st.lists(values, min_size=4, max_size=4)))
    return float(draw(st.integers(1, 100))), low, bottom, top, high


def quantile_of(parts: list[Part], quantile: float, pct: float = 0.1, absent: int = 0) -> float:
    rows = [*parts, *[(0.0, 0.0, 0.0, 0.0, 0.0)] * absent]
    columns = np.array(rows).T[:, :, None]
    (found,) = estimate(columns, np.array([pct]), [np.array([quantile])])
    return float(found[0])


def share_at_most(part: Part, x: float, pct: float) -> float:
    """The share of a partial's values that are at most `x`, read off its four points."""
    _, low, bottom, top, high = part
    points = ((low, bottom, pct), (bottom, top, 1 - 2 * pct), (top, high, pct))
    return sum(
        weight * (min(max((x - start) / (end - start), 0.0), 1.0) if end > start else float(x >= start))
        for start, end, weight in points
    )


def mixture_share(parts: list[Part], x: float, pct: float) -> float:
    return sum(part[0] * share_at_most(part, x, pct) for part in parts) / sum(part[0] for part in parts)


@given(st.lists(partials(), min_size=1, max_size=12), st.sampled_from([0.01, 0.1, 0.5, 0.9, 0.99]), st.integers(0, 3))
def test_the_wanted_share_of_values_lies_under_the_estimate(parts: list[Part], quantile: float, absent: int) -> None:
    found = quantile_of(parts, quantile, absent=absent)
    margin = 1e-5 * max(1.0, abs(found))
    assert mixture_share(parts, found - margin, 0.1) <= quantile + 1e-6
    assert mixture_share(parts, found + margin, 0.1) >= quantile - 1e-6


@given(partials())
def test_one_partial_keeps_its_own_tails(part: Part) -> None:
    assert quantile_of([part, part], 0.1) == pytest.approx(part[2], abs=1e-9)
    assert quantile_of([part, part], 0.9) == pytest.approx(part[3], abs=1e-9)


@given(st.lists(partials(st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=4))
def test_numbers_of_any_size_stay_within_their_range(parts: list[Part]) -> None:
    for quantile in (0.1, 0.9):
        found = quantile_of(parts, quantile)
        assert math.isfinite(found)
        assert min(part[1] for part in parts) <= found <= max(part[4] for part in parts)


def test_two_far_peaks_are_told_apart_by_their_weight() -> None:
    slow, fast = (100.0, 1000.0, 1000.0, 1000.0, 1000.0), (900.0, 1.0, 1.0, 1.0, 1.0)
    assert quantile_of([slow, fast], 0.85) == 1
    assert quantile_of([slow, fast], 0.95) == 1000


def test_a_row_without_partials_is_zero() -> None:
    assert quantile_of([], 0.5, absent=2) == 0
