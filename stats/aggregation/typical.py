"""What several days say about one time of the day: their average, and the band that values usually lie in.

A day without values at that time does not take part: it is missing, not zero.
"""

import numpy as np
from numpy.typing import NDArray

from stats.aggregation.arithmetic import CNT, SUM, Flags, Floats, Rows

BAND_DAYS = 3  # fewer days make no band
# Four days of a weekday, each as heavy as twelve others: the two days of a weekend are then less than a tenth of what a
# working day is compared with, and the five working days less than a tenth for a day of the weekend. Neither moves an
# edge.
WEEKDAY_WEIGHT = 12
_QUANTILE_DAYS = 5  # with fewer, the band reaches from the lowest to the highest
_EDGE = 0.1  # with more, from the 10 % to the 90 % quantile
_DIGITS = 9  # significant digits of what is calculated here; more would only lengthen the answer


def average(days: Floats) -> Floats:
    """The mean of each number of an aggregate: (8, days, bins) → (8, bins), zeros where no day has values."""
    counts = np.maximum((days[CNT] > 0).sum(axis=0), 1)
    return significant((days / counts).sum(axis=1))


def mean(values: Floats, present: Flags) -> Floats:
    """The mean of a number of those days that are present: (days, bins) → (bins); NaN where one of them has none."""
    return significant(np.where(present, values, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1))


def overall(days: Floats) -> Floats:
    """The average of all values: (8, days, bins) → (bins). Each day weighs as many values as it has."""
    count = np.maximum(days[CNT].sum(axis=0), 1.0)
    return significant((days[SUM] / count).sum(axis=0))


def quotient(total: Floats, count: Floats) -> Floats:
    """The average of `count` values that sum up to `total`; 0 where there are none."""
    return significant(total / np.maximum(count, 1.0))


def band(values: Floats, present: Flags, weights: Rows) -> Floats:
    """The usual band of each bin: (days, bins) → (3, bins), the low edge, the median, the high edge.

    `weights` (days): how often each day counts. The edges are the 10 % and 90 % quantiles, interpolated between the
    days; with fewer than five days, the lowest and the highest value. Bins without any day are zero.
    """
    edge = np.where(present.sum(axis=0) < _QUANTILE_DAYS, 0.0, _EDGE)
    values, present = np.repeat(values, weights, axis=0), np.repeat(present, weights, axis=0)
    ordered = np.sort(np.where(present, values, np.inf), axis=0)
    ordered = np.where(np.isfinite(ordered), ordered, 0.0)
    count = present.sum(axis=0)
    rows = [_quantile(ordered, count, share) for share in (edge, np.full_like(edge, 0.5), 1.0 - edge)]
    return significant(np.array(rows))


def _quantile(ordered: Floats, count: NDArray[np.int64], share: Floats) -> Floats:
    """The quantile `share` of the first `count` of each column's ordered values."""
    last = np.maximum(count - 1, 0)
    position = last * share
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, last)
    low: Floats = np.take_along_axis(ordered, below[None], axis=0)[0]
    high: Floats = np.take_along_axis(ordered, above[None], axis=0)[0]
    rest = position - below
    return low * (1.0 - rest) + high * rest


def significant(values: Floats) -> Floats:
    """`values`, rounded to nine significant digits."""
    magnitude = np.floor(np.log10(np.maximum(np.abs(values), 1e-290)))
    scale = np.power(10.0, np.clip(_DIGITS - 1 - magnitude, -290, 290))
    with np.errstate(over="ignore"):
        rounded = np.round(values * scale) / scale
    return np.where(np.isfinite(rounded), rounded, values)
