"""A stat's past minutes as a rule sees them: what the backtest and the proposal go by."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alerts import measures
from alerts.conditions import Condition
from alerts.observation import MINUTE, Known, Observation, Typical
from alerts.quiet_gaps import QuietGaps
from stats.aggregation.arithmetic import CNT, LST, MAX, MIN, SUM, Flags, Floats
from stats.aggregation.partial import Kind


@dataclass(frozen=True, eq=False)
class Past:
    """Minutes of a stat, from the minute `start` (Unix time / 60) on.

    `columns` (8, minutes) are its aggregates, zeros where it has none. `there` (minutes): whether its process sent
    anything. `quantile` (minutes): the percentile that the condition asks for, if it does; NaN where nobody can tell.
    `typical` and `gaps` where the condition needs them. Files do not tell what came late, or in which minutes a process
    began anew: in the past nothing is late.
    """

    kind: Kind
    start: int
    columns: Floats
    there: Flags
    quantile: Floats | None = None
    typical: list[Typical | None] | None = None
    gaps: QuietGaps | None = None

    def observations(self, condition: Condition) -> list[Observation]:
        """What the condition would have seen, minute by minute."""
        number = self.columns.shape[1]
        present = self.columns[CNT] > 0
        values = self._values(condition.measure_of)
        known = np.where(present, "value", np.where(self.there, "quiet", "away")).tolist()
        typical = self.typical or [None] * number
        gaps = self._gaps(number)
        return [
            _observation((self.start + place + 1) * MINUTE, *seen)
            for place, seen in enumerate(zip(known, values, typical, gaps, strict=True))
        ]

    def _values(self, measure: str) -> list[float | None]:
        """The measure of each minute; None where there is none."""
        found = measured(self.columns, self.kind, measure)
        if found is None:
            found = self._percentile(measures.share_of(measure))
        nothing = measures.of_nothing(self.kind, measure)
        absent = self.columns[CNT] == 0
        found[absent] = np.nan if nothing is None else nothing
        found[absent & ~self.there] = np.nan
        values: list[Any] = found.astype(object).tolist()
        for place in np.flatnonzero(np.isnan(found)).tolist():
            values[place] = None
        return values

    def _percentile(self, share: float | None) -> Floats:
        """NaN where nobody can tell it."""
        if share in measures.EXTREMES:
            exact: Floats = self.columns[measures.EXTREMES[share]].copy()
            return exact
        told: Floats = np.full(self.columns.shape[1], np.nan) if self.quantile is None else self.quantile.copy()
        if share in measures.TAILS:
            np.copyto(told, self.columns[measures.TAILS[share]], where=np.isnan(told))
        return told

    def _gaps(self, number: int) -> list[int | None]:
        if self.gaps is None:
            return [None] * number
        return [self.gaps.allowed(minute) for minute in range(self.start, self.start + number)]


def measured(columns: Floats, kind: Kind, measure: str) -> Floats | None:
    """`measures.measured` of many minutes at once; what it says of those without values means nothing."""
    found: Floats | None = None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if kind == "c" and measure in ("value", measures.PLOTTED, measures.MOVEMENT):
            found = columns[SUM].copy()
        elif measure in ("average", measures.PLOTTED):
            found = columns[SUM] / columns[CNT]
        elif measure == "rate":
            found = columns[SUM if kind == "c" else CNT] / MINUTE
        elif measure in _COLUMNS:
            found = columns[_COLUMNS[measure]].copy()
    return found


_COLUMNS = {"value": LST, "sum": SUM, "min": MIN, "max": MAX, measures.MOVEMENT: CNT}


def _observation(at: int, known: Known, value: float | None, typical: Typical | None, gap: int | None) -> Observation:
    return Observation(at, known, value, typical=typical, usual_gap=gap)
