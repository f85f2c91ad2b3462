"""What a report is made of, before it is put into words."""

from dataclasses import dataclass
from typing import Any

from reports.findings import Growth
from stats.storage.paths import Stat

Group = dict[str, Any]  # as `stats.aggregation.error_groups.ErrorGroup`


@dataclass(frozen=True, slots=True)
class Facts:
    """What the days of a period had: groups that were `new`, resolved ones that came `again`, stats that `grew`, stats
    that went `silent` with the Unix time of their last hour, processes that are `gone` with the one they were heard
    last, and how many stats were `unseen`, being too many."""

    new: list[Group]
    again: list[Group]
    grew: list[tuple[Stat, Growth]]
    silent: list[tuple[Stat, float]]
    gone: dict[str, float]
    unseen: int = 0
