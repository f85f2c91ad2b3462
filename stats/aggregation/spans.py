"""A span of a stat's minutes, and the bins that a view makes of them: exact fields, tails, and any quantile.

`bot`, `top` and quantiles of a bin come from the merged sketch of its minutes where each of them has one, and they have
as many values as the minutes; else `bot` and `top` are estimated (`mixture`) and quantiles are not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stats.aggregation.arithmetic import BOT, CNT, FIELDS, MAX, MIN, SUM, TOP, Flags, Floats, Rows
from stats.aggregation.groups import combine_all
from stats.aggregation.partial import DEFAULT_PCT
from stats.aggregation.sketches.batches import Batches, merge_joined
from stats.aggregation.sketches.columns import nothing
from stats.aggregation.sketches.decoding import bounds_of
from stats.aggregation.sketches.letters import Bytes
from stats.aggregation.sketches.merging import merge


@dataclass(frozen=True, eq=False)
class Span:
    """Minutes in their order: `columns` (8, minutes + 1), zeros where there is nothing; the last is always nothing.

    `texts` holds sketches (nothing, for a minute without), each with an `END` behind it, and `text` (minutes + 1) the
    number of each minute's, -1 where there is no minute. No `texts` at all: no minute has a sketch.
    """

    columns: Floats
    texts: Bytes
    text: Rows

    def merged(self, places: Rows) -> "Bins":
        """The bins of these minutes, (bins, step), each in the order of time; -1 is no minute."""
        sketches = self._sketches(places)
        counts = self.columns[CNT][places]
        totals = sketches.totals()
        known = (totals > 0) & (totals == counts.sum(axis=1))
        fields = combine_all(self.columns[:, places.T], ~known)
        # One minute alone is shown as its line says.
        _put_tails(fields, sketches, known & ((counts > 0).sum(axis=1) > 1))
        return Bins(fields, known, sketches)

    def plain(self, places: Rows) -> "Bins":
        """The same without looking at sketches, where nobody asks for more than minutes."""
        return Bins(combine_all(self.columns[:, places.T]), np.zeros(len(places), np.bool_), _none(len(places)))

    def totals(self, places: Rows) -> Floats:
        """Nothing but the sum and the count of each bin, (2, bins)."""
        with np.errstate(over="ignore"):
            totals: Floats = self.columns[[SUM, CNT]][:, places].sum(axis=2)
        return np.nan_to_num(totals)

    def _sketches(self, places: Rows) -> Batches:
        if not len(self.texts):
            return _none(len(places))
        wanted = self.text[places]
        present = wanted >= 0
        return merge_joined(*self._picked(wanted[present]), present.sum(axis=1))

    def _picked(self, wanted: Rows) -> tuple[Bytes, Rows]:
        """These of the texts, and the bounds of each."""
        bounds = bounds_of(self.texts)
        starts, lengths = bounds[wanted], np.diff(bounds)[wanted]
        picked = np.append(0, np.cumsum(lengths))
        if (np.diff(wanted) == 1).all():
            first = int(starts[0]) if len(wanted) else 0
            return self.texts[first : first + picked[-1]], picked
        places: Rows = np.arange(picked[-1]) + np.repeat(starts - picked[:-1], lengths)
        return self.texts[places], picked


def _none(number: int) -> Batches:
    """No sketch for so many bins."""
    return Batches([nothing(number)])


@dataclass(frozen=True, eq=False)
class Bins:
    """Some bins: `fields` (8, bins), zeros where there is nothing, which are `known` by a sketch, and the sketches."""

    fields: Floats
    known: Flags
    sketches: Batches

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """The values under which these shares of each bin's values lie, (shares, bins); NaN where nobody knows."""
        told = self.sketches.quantiles(shares)
        np.clip(told, self.fields[MIN], self.fields[MAX], out=told)
        told[:, ~self.known] = np.nan
        return told

    def together(self) -> "Bins":
        """All in one bin."""
        present = self.fields[CNT] > 0
        number = int(present.sum())
        sketches = _none(1)
        if self.known[present].all():
            sketches = Batches([merge(self.sketches.together().only(present), np.array([number]))])
        known = sketches.totals() > 0
        with_none = np.append(self.fields, np.zeros((FIELDS, 1)), axis=1)  # a day may have no bins
        fields = combine_all(with_none[:, :, None], ~known)
        _put_tails(fields, sketches, known & (number > 1))
        return Bins(fields, known, sketches)


def _put_tails(fields: Floats, sketches: Batches, places: Flags) -> None:
    bot, top = np.clip(sketches.tails(DEFAULT_PCT), fields[MIN], fields[MAX])
    fields[BOT, places], fields[TOP, places] = bot[places], top[places]
