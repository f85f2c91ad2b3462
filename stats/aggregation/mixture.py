"""BOT and TOP of several partials merged, where no sketch says better.

A partial tells four points of its values' distribution: nothing lies under `min`, a share `pct` lies under `bot`, a
share `pct` lies over `top`, nothing lies over `max`. Between those points the values are taken to be spread evenly, so
a partial is a piecewise linear distribution, several partials are their mixture weighted by count, and the wanted
value is the quantile of that mixture. This is an estimate: it is good where the intervals are alike (a few per cent)
and 13 to 40 % off at worst for uneven or two-peaked ones. Merging the `bot`s themselves (a minimum, a mean) is wrong
without bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_NOISE = 1e-12  # what a share may be off by after the shares of many partials were added up
_DIGITS = 6  # significant digits of an estimate; more would only pretend


def estimate(parts: dict[str, Floats], pct: Floats, quantiles: Sequence[Floats]) -> list[Floats]:
    """Some quantiles of each row's mixture.

    `parts` holds the arrays `cnt`, `min`, `bot`, `top`, `max`, each of the shape (rows, partials); a `cnt` of 0 marks
    an absent partial. `pct` (rows) is the share that `bot` and `top` cut off, each of `quantiles` (rows) a wanted
    share, 0 to 1. Returns an array (rows) for each of these, rounded to six significant digits. A row without partials
    gives 0.
    """
    present = parts["cnt"] > 0
    filled = present.any(axis=1)
    lowest = np.where(filled, np.where(present, parts["min"], np.inf).min(axis=1), 0.0)
    highest = np.where(filled, np.where(present, parts["max"], -np.inf).max(axis=1), 0.0)
    mixture = _Mixture(parts, pct, lowest)
    told = (np.clip(_rounded(_quantile(mixture, quantile)), lowest, highest) for quantile in quantiles)
    return [np.where(lowest == highest, lowest, wanted) for wanted in told]


@dataclass(frozen=True)
class _Ramp:
    """A share of the values, spread evenly from `start` over `width`; all of it at `start` where `flat`."""

    start: Floats
    width: Floats
    flat: Flags
    some_flat: bool
    share: Floats


class _Mixture:
    """The distribution of each row. `knots` (rows, 4 x partials) are, in order, the points between which it is linear.

    It works with half the values: the difference of two finite numbers may not be finite, that of their halves is.
    """

    def __init__(self, parts: dict[str, Floats], pct: Floats, lowest: Floats) -> None:
        count = parts["cnt"]
        low, bottom, top, high = (
            np.where(count > 0, parts[name], lowest[:, None]) * 0.5 for name in ("min", "bot", "top", "max")
        )
        bottom = np.clip(bottom, low, high)
        top = np.clip(top, bottom, high)
        weight = count / np.maximum(count.sum(axis=1, keepdims=True), 1.0)
        tail = weight * pct[:, None]
        body = weight - 2.0 * tail
        self.knots = np.sort(np.concatenate((low, bottom, top, high), axis=1), axis=1)
        self._ramps = [_ramp(low, bottom, tail), _ramp(bottom, top, body), _ramp(top, high, tail)]

    def up_to(self, x: Floats) -> Floats:
        """The share of each row's values that are at most `x` (rows)."""
        return self._share(x[:, None], np.greater_equal)

    def below(self, x: Floats) -> Floats:
        """The share of each row's values that are under `x` (rows)."""
        return self._share(x[:, None], np.greater)

    def _share(self, x: Floats, compare: np.ufunc) -> Floats:
        total = np.zeros(len(x))
        for ramp in self._ramps:
            with np.errstate(over="ignore"):
                reached = (x - ramp.start) / ramp.width
            if ramp.some_flat:
                np.copyto(reached, compare(x, ramp.start), where=ramp.flat)
            np.minimum(np.maximum(reached, 0.0, out=reached), 1.0, out=reached)
            total += np.einsum("ij,ij->i", reached, ramp.share)
        return total


def _ramp(start: Floats, end: Floats, share: Floats) -> _Ramp:
    width = end - start
    flat = width <= 0
    return _Ramp(start, np.where(flat, 1.0, width), flat, bool(flat.any()), share)


def _quantile(mixture: _Mixture, quantile: Floats) -> Floats:
    """Where the share of values reaches `quantile`: the first knot by bisection, then on the line that leads to it."""
    row = np.arange(len(mixture.knots))
    first = np.zeros(len(row), np.int64)
    last = np.full(len(row), mixture.knots.shape[1] - 1)
    while (first < last).any():
        middle = (first + last) // 2
        reached = mixture.up_to(mixture.knots[row, middle]) >= quantile - _NOISE
        last = np.where(reached, middle, last)
        first = np.where(reached, first, np.minimum(middle + 1, last))
    start, end = mixture.knots[row, np.maximum(last - 1, 0)], mixture.knots[row, last]
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
