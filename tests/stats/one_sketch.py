"""One sketch at a time, by the client's codec: what the server's columns are compared with."""

from collections.abc import Iterable, Sequence

from dattss import sketch
from dattss.sketch import SketchError


def sketch_of(values: Iterable[float]) -> str:
    """The sketch of some values, one at least."""
    counts: sketch.Counts = {}
    ordered = sorted(values)
    sketch.count_sorted(counts, ordered, [1] * len(ordered))
    return sketch.encode(counts)


def is_sketch(text: str) -> bool:
    """Whether it can be decoded."""
    try:
        sketch.decode(text)
    except SketchError:
        return False
    return True


def tails(text: str, pct: float) -> tuple[float, float]:
    """`bot` and `top`: the values at the positions `pct` times the count from either end."""
    counts = sketch.decode(text)
    count = sum(counts.values())
    cut = int(pct * count)
    bot, top = sketch.at_ranks(counts, [cut, count - 1 - cut])
    return bot, top


def quantiles(text: str, shares: Sequence[float]) -> list[float]:
    """The values at the positions `share`, to nine decimals, times one less than the count, rounded down."""
    counts = sketch.decode(text)
    last = sum(counts.values()) - 1
    return sketch.at_ranks(counts, [round(share * 10**9) * last // 10**9 for share in shares])
