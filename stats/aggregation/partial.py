"""What a partial aggregate is. How several become one is the subject of `arithmetic` and `groups`."""

from typing import Literal, NamedTuple

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


class MinuteRow(NamedTuple):
    """One line of a `.prt` file: a stat's minute. `minute` is Unix time divided by 60."""

    account: int
    process: str
    kind: Kind
    name: str
    minute: int
    aggregate: Aggregate
