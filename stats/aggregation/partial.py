"""What a partial aggregate is, and how several become one."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from stats.aggregation import mixture

Kind = Literal["c", "g", "ms"]
KINDS: tuple[Kind, ...] = ("c", "g", "ms")

DEFAULT_PCT = 0.1  # share of the values that lies under `bot`, and over `top`; the only one that files know


class Aggregate(NamedTuple):
    """The values of one stat in one interval, in the order in which a `.prt` line has them.

    `sum`, `max`, `min`, `fst`, `lst` are exact in whatever unit the values have (milliseconds for timers). `bot` and
    `top` are the values under and over which the lowest and highest tenth lies. `skt` is a mergeable sketch, or empty.
    """

    sum: float
    cnt: int
    max: float
    min: float
    bot: float
    top: float
    fst: float
    lst: float
    skt: str = ""


def merge(parts: Sequence[Aggregate], pct: float = DEFAULT_PCT) -> Aggregate:
    """One aggregate of several, which are given in the order of time.

    Everything but `bot` and `top` is exact; those are estimated (`stats.aggregation.mixture`), or kept where there is
    only one part. Raises ValueError when there is none.
    """
    if not parts:
        raise ValueError("merge needs at least one aggregate")
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.array([[float(getattr(part, name)) for part in parts]] * 2) for name in _ESTIMATED_FROM}
    bot, top = mixture.estimate(columns, np.array([pct, pct]), np.array([pct, 1.0 - pct])).tolist()
    return Aggregate(
        sum=sum(part.sum for part in parts),
        cnt=sum(part.cnt for part in parts),
        max=max(part.max for part in parts),
        min=min(part.min for part in parts),
        bot=bot,
        top=top,
        fst=parts[0].fst,
        lst=parts[-1].lst,
    )


_ESTIMATED_FROM = ("cnt", "min", "bot", "top", "max")
