"""Merging groups of aggregates: all groups at once, in columns."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from stats.aggregation.arithmetic import CNT, FIELDS, SUM, Flags, Floats, combine
from stats.aggregation.partial import DEFAULT_PCT, Aggregate, Kind, MinuteRow
from stats.aggregation.sketches.batches import merge_many

FIELD_NAMES = Aggregate._fields[:FIELDS]


def combine_all(parts: Floats, unknown: Flags | None = None) -> Floats:
    """`arithmetic.combine` for parts that are cut off at the usual share; a sum out of range is the largest number."""
    with np.errstate(over="ignore", invalid="ignore"):
        combined = combine(parts, np.full(parts.shape[2], DEFAULT_PCT), unknown)
    combined[SUM] = np.nan_to_num(combined[SUM])
    return combined


def merge_groups(groups: Sequence[Sequence[Aggregate]]) -> list[Aggregate]:
    """One aggregate for each group, whose parts are in the order of time. No group may be empty.

    Where each part has a sketch, and all of them have as many values as the parts, the aggregate has the merged one,
    and `bot` and `top` from it; else no sketch. Memory and time grow with the number of parts, however they are spread.
    """
    merged = [group[0] for group in groups]
    for places in _alike(groups):
        found = _merged_alike([groups[place] for place in places])
        for place, aggregate in zip(places, found, strict=True):
            merged[place] = aggregate
    _put_sketches(merged, groups)
    return merged


def merged_rows(rows: Iterable[MinuteRow]) -> list[MinuteRow]:
    """One row for each stat's minute, from rows in the order of time."""
    groups: dict[tuple[int, str, Kind, str, int], list[Aggregate]] = {}
    for account, process, kind, name, minute, aggregate in rows:
        groups.setdefault((account, process, kind, name, minute), []).append(aggregate)
    merged = merge_groups(list(groups.values()))
    return [MinuteRow(*key, aggregate) for key, aggregate in zip(groups, merged, strict=True)]


def _alike(groups: Sequence[Sequence[Aggregate]]) -> Iterable[list[int]]:
    """The places of groups of several parts, together where none has twice as many parts as another: laid side by side
    they leave less than half of the room empty."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        if len(group) > 1:
            found[len(group).bit_length()].append(place)
    return found.values()


def _merged_alike(groups: Sequence[Sequence[Aggregate]]) -> list[Aggregate]:
    parts = np.zeros((FIELDS, max(map(len, groups)), len(groups)))
    for place, group in enumerate(groups):
        parts[:, : len(group), place] = np.array([part[:FIELDS] for part in group]).T
    columns = combine_all(parts).tolist()
    columns[CNT] = [int(count) for count in columns[CNT]]
    return [Aggregate(*fields) for fields in zip(*columns, strict=True)]


def _put_sketches(merged: list[Aggregate], groups: Sequence[Sequence[Aggregate]]) -> None:
    places = [place for place, group in enumerate(groups) if len(group) > 1 and all(part.skt for part in group)]
    found = merge_many([[part.skt for part in groups[place]] for place in places], DEFAULT_PCT)
    numbers = (found.totals.tolist(), found.bot.tolist(), found.top.tolist())
    for place, text, count, *tails in zip(places, found.texts, *numbers, strict=True):
        one = merged[place]
        if count == one.cnt:
            bot, top = (min(max(tail, one.min), one.max) for tail in tails)
            merged[place] = one._replace(bot=bot, top=top, skt=text)
