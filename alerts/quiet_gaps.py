"""For how long a stat is usually quiet, by the hour of the week: what "stopped working" learns.

The longest gap between two movements is taken of each hour of each week; of three weeks and more the second longest, so
that one outage does not teach that outages are usual. What is allowed is half as much again, and some minutes.
"""

import datetime as dt
from collections import defaultdict
from zoneinfo import ZoneInfo

import numpy as np

from alerts.observation import MINUTE
from stats.aggregation.localday import Minutes

HOUR = 60  # minutes
LEAST_DAYS = 7  # with less nothing is learned: an hour of the week has to be known
SPARE = 5  # minutes
FACTOR = 1.5

_WEEKS_WITHOUT_THE_WORST = 3


class QuietGaps:
    """What was learned of a stat."""

    def __init__(self, allowed: dict[int, int], zone: ZoneInfo) -> None:
        self._allowed = allowed
        self._zone = zone

    def allowed(self, minute: int) -> int | None:
        """For how many minutes it may be quiet at this minute (Unix time / 60); None where nobody knows."""
        return self._allowed.get(_hour_of_week(minute // HOUR, self._zone))


def learn(moved: Minutes, zone: ZoneInfo) -> QuietGaps:
    """From the minutes (Unix time / 60, ascending) in which the stat moved. What lies before the first and after the
    last of them says nothing: it may be an outage that goes on."""
    if not len(moved) or moved[-1] - moved[0] < LEAST_DAYS * 24 * HOUR:
        return QuietGaps({}, zone)
    gaps: defaultdict[int, list[int]] = defaultdict(list)
    first = int(moved[0]) // HOUR
    for hour, longest in enumerate(_longest(moved).tolist(), first):
        gaps[_hour_of_week(hour, zone)].append(longest)
    return QuietGaps({hour: _allowed(found) for hour, found in gaps.items()}, zone)


def _longest(moved: Minutes) -> Minutes:
    """The longest gap, in minutes, that touches each hour from that of the first movement to that of the last."""
    first = int(moved[0]) // HOUR
    longest = np.zeros(int(moved[-1]) // HOUR - first + 1, np.int64)
    quiet = np.diff(moved) - 1
    begins, ends = (moved[:-1] + 1) // HOUR - first, (moved[1:] - 1) // HOUR - first
    short = (quiet > 0) & (begins == ends)
    np.maximum.at(longest, begins[short], quiet[short])
    for place in np.flatnonzero((quiet > 0) & (begins < ends)).tolist():
        touched = slice(int(begins[place]), int(ends[place]) + 1)
        longest[touched] = np.maximum(longest[touched], quiet[place])
    return longest


def _allowed(gaps: list[int]) -> int:
    ordered = sorted(gaps)
    usual = ordered[-2] if len(ordered) >= _WEEKS_WITHOUT_THE_WORST else ordered[-1]
    return int(usual * FACTOR) + SPARE


def _hour_of_week(hour: int, zone: ZoneInfo) -> int:
    local = dt.datetime.fromtimestamp(hour * HOUR * MINUTE, zone)
    return local.weekday() * 24 + local.hour
