"""Tries a condition on the past of a stat, as its files have it: what a page shows while a rule is edited.

It reads the files of the account, so it runs where they are.
"""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts import backtest, measures
from alerts.backtest import Backtest
from alerts.conditions import Condition, StoppedWorking
from alerts.observation import Typical
from alerts.past import Past
from alerts.quiet_gaps import QuietGaps, learn
from stats import history
from stats.aggregation.localday import DAY_MINUTES, local_day
from stats.aggregation.typical import BAND_DAYS
from stats.storage.paths import Stat

LEARNED_DAYS = 28  # before the past, from which quiet gaps are learned


def trial(root: Path, stat: Stat, condition: Condition, zone: ZoneInfo, span: tuple[int, int]) -> Backtest:
    """What a condition would have done from the first to the end of the `span` (Unix time / 60), days in `zone`."""
    return backtest.run(condition, past_of(root, stat, condition, zone, span).observations(condition))


def past_of(root: Path, stat: Stat, condition: Condition, zone: ZoneInfo, span: tuple[int, int]) -> Past:
    """The minutes of a stat and, as far as the condition goes by it, what was usual then."""
    start, end = span
    found = history.past(root, stat, start, end, measures.share_of(condition.measure_of))
    return Past(
        stat.kind,
        start,
        found.columns,
        found.there,
        found.quantile,
        _typical(root, stat, zone, span) if condition.measure_of == measures.PLOTTED else None,
        _gaps(root, stat, zone, start) if isinstance(condition, StoppedWorking) and condition.minutes is None else None,
    )


def _typical(root: Path, stat: Stat, zone: ZoneInfo, span: tuple[int, int]) -> list[Typical | None]:
    """What was usual at each minute, by what was known on its day."""
    found: list[Typical | None] = []
    minute, end = span
    while minute < end:
        day = dt.datetime.fromtimestamp(minute * 60, zone).date()
        usual = history.usual(root, stat, day, zone)
        part = slice(minute - usual.start, min(local_day(day, zone).end, end) - usual.start)
        numbers = (column[part].tolist() for column in (usual.low, usual.mid, usual.high, usual.mean, usual.days))
        found += [Typical(*band) if days >= BAND_DAYS else None for *band, days in zip(*numbers, strict=True)]
        minute = usual.start + part.stop
    return found


def _gaps(root: Path, stat: Stat, zone: ZoneInfo, start: int) -> QuietGaps:
    return learn(history.moved(root, stat, start - LEARNED_DAYS * DAY_MINUTES, start), zone)
