"""Quantile sketches of timers: of all their values' percentiles, to within 1 %. For the format see `dattss.sketch`.

What clients send is not trusted: `is_sketch` tells what may be let in, and of a text that it lets in nothing here fails
or grows without bound, however large the counts and keys in it are.
"""

import re
from collections.abc import Iterable, Sequence

from dattss import sketch
from dattss.sketch import LONGEST, Counts, SketchError, decode, encode, merge

__all__ = [
    "LONGEST",
    "Counts",
    "SketchError",
    "are_sketches",
    "decode",
    "encode",
    "is_sketch",
    "merge",
    "quantiles",
    "tails",
]

_PAIRS = re.escape(sketch.ALPHABET[: len(sketch.PAIRS)])
# Pairs mostly follow each other. Possessive: where it does not fit, a second try would not fit either.
_FORM = re.compile(
    f"{sketch.VERSION}"
    f"(?:[{re.escape(sketch.GAP_DIGITS)}]{{0,{sketch.MOST_GAP_DIGITS}}}+[{_PAIRS}]++"
    f"[{re.escape(sketch.COUNT_DIGITS)}]{{0,{sketch.MOST_COUNT_DIGITS}}}+)++"
)

_FORMS = re.compile(f"(?:{_FORM.pattern}\n)*+")


def is_sketch(text: str) -> bool:
    """Whether `text` is a sketch: at most 16,384 characters, and whole entries."""
    return len(text) <= LONGEST and _FORM.fullmatch(text) is not None


def are_sketches(texts: Sequence[str]) -> bool:
    """Whether all are, of texts that are not too long; one look at them together is cheaper than one at each."""
    joined = "\n".join((*texts, ""))
    return _FORMS.fullmatch(joined) is not None and joined.count("\n") == len(texts)


def tails(text: str, pct: float) -> tuple[float, float]:
    """`bot` and `top` of a well-formed sketch: the values at the positions `pct` times the count from either end."""
    counts: Counts = {}
    sketch.add(counts, text)
    count = sum(counts.values())
    cut = int(pct * count)
    bot, top = sketch.at_ranks(counts, [cut, count - 1 - cut])
    return bot, top


def quantiles(text: str, shares: Sequence[float]) -> list[float]:
    """The values under which these shares (0 to 1) of a well-formed sketch's values lie: those at the positions
    `share` times one less than the count, rounded down."""
    counts: Counts = {}
    sketch.add(counts, text)
    last = sum(counts.values()) - 1
    return sketch.at_ranks(counts, [int(share * last) for share in shares])


def merged_or_none(texts: Iterable[str]) -> str | None:
    """The sketch of all values; None where one of the texts is no sketch, so that nobody can know."""
    known = list(texts)
    return merge(known) if known and all(map(is_sketch, known)) else None
