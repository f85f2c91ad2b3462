"""Several partial aggregates of one stat become one: for a client that cannot deliver and must save room."""

from __future__ import annotations

from collections.abc import Sequence

from dattss import sketch
from dattss.accumulator import Partial, Partials
from dattss.values import KINDS, Number, shortest

_HALVINGS = 48


def merge_all(intervals: Sequence[Partials]) -> Partials:
    """The partials of several intervals, given in the order of time, as if they had been one interval."""
    merged: Partials = {"c": [], "ms": [], "g": []}
    for kind in KINDS:
        by_name: dict[str, list[Partial]] = {}
        for interval in intervals:
            for partial in interval[kind]:
                by_name.setdefault(partial["nam"], []).append(partial)
        merged[kind] = [merge(parts) for parts in by_name.values()]
    return merged


def merge(parts: Sequence[Partial]) -> Partial:
    """One partial of several, given in the order of time. All is exact but `bot` and `top`: they are read from the
    merged sketch, which is within 1 %, or estimated where a part has none."""
    if len(parts) == 1:
        return parts[0]
    share = parts[0]["pct"]
    merged = parts[0].copy()
    merged["sum"] = shortest(sum(part["sum"] for part in parts))
    merged["cnt"] = sum(part["cnt"] for part in parts)
    merged["max"] = max(part["max"] for part in parts)
    merged["min"] = min(part["min"] for part in parts)
    merged["lst"] = parts[-1]["lst"]
    merged["emp"] = any(part["emp"] for part in parts)
    sketches = [part["skt"] for part in parts if "skt" in part]
    if len(sketches) == len(parts):
        merged["skt"] = sketch.merge(sketches)
        tails = sketch.tails(sketch.decode(merged["skt"]), share, merged["min"], merged["max"])
        merged["bot"], merged["top"] = map(shortest, tails)
    else:
        merged.pop("skt", None)
        merged["bot"] = _quantile(parts, share)
        merged["top"] = _quantile(parts, 1.0 - share)
    return merged


def _quantile(parts: Sequence[Partial], share: float) -> Number:
    """The value under which `share` of the parts' values lies, each part taken as spread evenly between its knots.

    Merging the parts' own `bot`s would be wrong without bound for uneven intervals.
    """
    left: float = min(part["min"] for part in parts)
    right: float = max(part["max"] for part in parts)
    lowest, highest = left, right
    wanted = share * sum(part["cnt"] for part in parts)
    for _ in range(_HALVINGS):
        middle = left + (right - left) / 2
        if sum(part["cnt"] * _below(part, middle) for part in parts) < wanted:
            left = middle
        else:
            right = middle
    return shortest(max(lowest, min(highest, float(f"{right:.6g}"))))


def _below(part: Partial, x: float) -> float:
    """The share of a part's values that lies under `x`."""
    tail = part["pct"]
    ends = _ramp(x, part["min"], part["bot"]) + _ramp(x, part["top"], part["max"])
    return tail * ends + (1.0 - 2.0 * tail) * _ramp(x, part["bot"], part["top"])


def _ramp(x: float, start: float, end: float) -> float:
    if x >= end:
        return 1.0
    return 0.0 if x <= start else (x - start) / (end - start)
