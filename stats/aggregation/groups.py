"""Merging groups of aggregates: all groups at once, in columns."""

from collections.abc import Sequence
from itertools import starmap

import numpy as np

from stats.aggregation import sketch
from stats.aggregation.arithmetic import CNT, FIELDS, SUM, Floats, combine
from stats.aggregation.partial import DEFAULT_PCT, Aggregate

FIELD_NAMES = Aggregate._fields[:FIELDS]


def combine_all(parts: Floats) -> Floats:
    """`arithmetic.combine` for parts that are cut off at the usual share; a sum out of range is the largest number."""
    with np.errstate(over="ignore", invalid="ignore"):
        combined = combine(parts, np.full(parts.shape[2], DEFAULT_PCT))
    combined[SUM] = np.nan_to_num(combined[SUM])
    return combined


def merge_groups(groups: Sequence[Sequence[Aggregate]]) -> list[Aggregate]:
    """One aggregate for each group, whose parts are in the order of time. No group may be empty.

    Where each part has a sketch, the aggregate has the merged one, and `bot` and `top` from it; else no sketch.
    """
    if not groups:
        return []
    parts = np.zeros((FIELDS, max(map(len, groups)), len(groups)))
    for place, group in enumerate(groups):
        parts[:, : len(group), place] = np.array([part[:FIELDS] for part in group]).T
    columns = combine_all(parts).tolist()
    columns[CNT] = [int(count) for count in columns[CNT]]
    merged = starmap(Aggregate, zip(*columns, strict=True))
    return [group[0] if len(group) == 1 else _sketched(one, group) for group, one in zip(groups, merged, strict=True)]


def _sketched(merged: Aggregate, group: Sequence[Aggregate]) -> Aggregate:
    if not all(part.skt for part in group):
        return merged
    text = sketch.merged_or_none(part.skt for part in group)
    if text is None:
        return merged
    bot, top = (min(max(tail, merged.min), merged.max) for tail in sketch.tails(text, DEFAULT_PCT))
    return merged._replace(bot=bot, top=top, skt=text)
