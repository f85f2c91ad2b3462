"""BOT and TOP of several partials merged, where no sketch says better.

A partial tells four points of its values' distribution: nothing lies under `min`, a share `pct` lies under `bot`, a
share `pct` lies over `top`, nothing lies over `max`. Between those points the values are taken to be spread evenly, so
a partial is a piecewise linear distribution, several partials are their mixture weighted by count, and the wanted
value is the quantile of that mixture. This is an estimate: it is good where the intervals are alike (a few per cent)
and 13 to 40 % off at worst for uneven or two-peaked ones. Merging the `bot`s themselves (a minimum, a mean) is wrong
without bound.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOISE = 1e-12  # what a share may be off by after the shares of many partials were added up
_DIGITS = 6  # significant digits of an estimate; more would only pretend


def estimate(parts: Floats, pct: Floats, quantiles: Sequence[Floats]) -> list[Floats]:
    """Each of the quantiles of each row's mixture.

    `parts` has the shape (5, partials, rows): `cnt`, `min`, `bot`, `top`, `max`; a `cnt` of 0 marks an absent partial.
    `pct` (rows) is the share that `bot` and `top` cut off, a quantile (rows) the wanted share, 0 to 1. Returns arrays
    (rows), rounded to six significant digits. A row without partials gives 0.
    """
    present = parts[0] > 0
    filled = present.any(axis=0)
    lowest = np.where(filled, np.where(present, parts[1], np.inf).min(axis=0), 0.0)
    highest = np.where(filled, np.where(present, parts[4], -np.inf).max(axis=0), 0.0)
    mixture = _Mixture(parts[0], np.where(present, parts[1:], lowest), pct)
    return [np.clip(_rounded(_quantile(mixture, wanted)), lowest, highest) for wanted in quantiles]


class _Mixture:
    """The distribution of each row. `knots` (4 x partials, rows) are, in order, the points between which it is linear.

    It works with half the values: the difference of two finite numbers may not be finite, that of their halves is.
    """

    def __init__(self, count: Floats, points: Floats, pct: Floats) -> None:
        """`count` is (partials, rows), `points` are (4, partials, rows)."""
        points = points * 0.5
        np.clip(points[1], points[0], points[3], out=points[1])
        np.clip(points[2], points[1], points[3], out=points[2])
        weight = count / np.maximum(count.sum(axis=0), 1.0)
        tail = weight * pct
        flat = (3 * len(count), -1)
        self.knots = np.sort(points.reshape(4 * len(count), -1), axis=0)
        # Three ramps of each partial: a share of the values, spread evenly over a width, or all of it at the start.
        self._start = points[:3].reshape(flat)
        width = (points[1:] - points[:3]).reshape(flat)
        self._share = np.concatenate((tail, weight - 2.0 * tail, tail))
        self._steep = width <= 0
        self._width = np.where(self._steep, 1.0, width)

    def up_to(self, x: Floats) -> Floats:
        """The share of each row's values that are at most `x` (rows)."""
        return self._reached(x, np.greater_equal)

    def below(self, x: Floats) -> Floats:
        """The share of each row's values that are under `x` (rows)."""
        return self._reached(x, np.greater)

    def _reached(self, x: Floats, compare: np.ufunc) -> Floats:
        reached = x - self._start
        with np.errstate(over="ignore"):
            reached /= self._width
        compare(x, self._start, out=reached, where=self._steep)
        np.maximum(reached, 0.0, out=reached)
        np.minimum(reached, 1.0, out=reached)
        reached *= self._share
        total: Floats = reached.sum(axis=0)
        return total


def _quantile(mixture: _Mixture, quantile: Floats) -> Floats:
    """Where the share of values reaches `quantile`: the first knot by bisection, then on the line that leads to it."""
    row = np.arange(mixture.knots.shape[1])
    first = np.zeros(len(row), np.int64)
    last = np.full(len(row), len(mixture.knots) - 1)
    while (first < last).any():
        middle = (first + last) // 2
        reached = mixture.up_to(mixture.knots[middle, row]) >= quantile - _NOISE
        last = np.where(reached, middle, last)
        first = np.where(reached, first, np.minimum(middle + 1, last))
    start, end = mixture.knots[np.maximum(last - 1, 0), row], mixture.knots[last, row]
    at_start, before_end = mixture.up_to(start), mixture.below(end)
    gain = before_end - at_start
    on_line = (gain > _NOISE) & (quantile < before_end)
    share = np.clip((quantile - at_start) / np.where(on_line, gain, 1.0), 0.0, 1.0)
    half: Floats = np.where(on_line, start + (end - start) * share, end)
    return half * 2.0


def _rounded(values: Floats) -> Floats:
    """`values` rounded to six significant digits, zeros and tiny numbers included."""
    magnitude = np.floor(np.log10(np.maximum(np.abs(values), 1e-290)))
    scale = np.power(10.0, np.clip(_DIGITS - 1 - magnitude, -290, 290))
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(values * scale) / scale
    return np.where(np.isfinite(rounded), rounded, values)
