"""Partials that come after their minute was handed out: rows of their own, for the next cut."""

import numpy as np

from stats.aggregation.arithmetic import FIELDS, SUM, Floats, Rows
from stats.aggregation.cut import minute_row
from stats.aggregation.groups import merged_rows
from stats.aggregation.pages import TEXT_BYTES, Page, Texts
from stats.aggregation.partial import MinuteRow
from stats.aggregation.registry import Stat

MOST_LATE = 40 << 20  # bytes of late rows, or twice what is left of them, before those of a minute are merged
ROW_BYTES = 400  # of a late row beside its sketch


class Late:
    """The `rows` that wait, and about their `nbytes`; they are merged where they grow too large."""

    def __init__(self) -> None:
        self.rows: list[MinuteRow] = []
        self.nbytes = 0
        self._most = MOST_LATE

    def add(self, page: Page[Stat], rows: Rows, minute: int, values: Floats, sketches: Texts | None) -> None:
        """Takes partials of stats in these rows of the page; they count in the totals at once."""
        np.add.at(page.total, rows, values[SUM])
        texts = sketches or [None] * len(rows)
        for row, fields, text in zip(rows.tolist(), values[:FIELDS].T.tolist(), texts, strict=True):
            stat = page.owners[row]
            assert stat is not None  # noqa: S101  (a layout has live stats only)
            self.rows.append(minute_row(stat, minute, fields, text or ""))
        self.nbytes += _size(self.rows[-len(rows) :])
        if self.nbytes > self._most:
            self.rows = merged_rows(self.rows)
            self.nbytes = _size(self.rows)
            self._most = max(MOST_LATE, 2 * self.nbytes)

    def take(self) -> list[MinuteRow]:
        """The rows, which are the caller's from now on."""
        rows, self.rows, self.nbytes, self._most = self.rows, [], 0, MOST_LATE
        return rows


def _size(rows: list[MinuteRow]) -> int:
    """About the bytes that the rows take."""
    return sum(ROW_BYTES + (TEXT_BYTES + len(row.aggregate.skt) if row.aggregate.skt else 0) for row in rows)
