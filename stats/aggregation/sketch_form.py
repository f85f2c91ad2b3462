"""Which texts are let in as sketches. For the format see `dattss.sketch`.

Only their form is looked at: whatever numbers stand in them, `sketches/decoding.py` copes.
"""

import re
from collections.abc import Sequence

from dattss import sketch

_PAIRS = re.escape(sketch.ALPHABET[: len(sketch.PAIRS)])
# Pairs mostly follow each other. Possessive: where it does not fit, a second try would not fit either.
_ENTRIES = (
    f"(?:[{re.escape(sketch.GAP_DIGITS)}]{{0,{sketch.MOST_GAP_DIGITS}}}+[{_PAIRS}]++"
    f"[{re.escape(sketch.COUNT_DIGITS)}]{{0,{sketch.MOST_COUNT_DIGITS}}}+)++"
)
_ONE = re.compile(f"{sketch.VERSION}{_ENTRIES}")
_MANY = re.compile(f"(?:{sketch.VERSION}{_ENTRIES}\n)*+")


def is_sketch(text: str) -> bool:
    """Whether `text` is a sketch: at most 16,384 characters, and whole entries."""
    return len(text) <= sketch.LONGEST and _ONE.fullmatch(text) is not None


def are_sketches(texts: Sequence[str]) -> bool:
    """Whether all are, of texts that are not too long; one look at them together is cheaper than one at each."""
    joined = "\n".join((*texts, ""))
    return _MANY.fullmatch(joined) is not None and joined.count("\n") == len(texts)
