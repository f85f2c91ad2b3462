"""A mergeable sketch of an interval's values, from which any percentile can be told to within 1 %.

The values are counted in buckets whose bounds grow by a constant factor, as in DDSketch (Masson, Rim, Lee: "DDSketch: A
Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019). Here the factor is 1.02, and a
bucket reaches from half a step below a power of it to half a step above; told by the harmonic mean of its bounds, a
value is at most 0.0099 of itself off. Two sketches are merged by adding the counts of equal buckets: that loses
nothing, in whatever order it is done.

A bucket has a whole number as its key, and keys are in the order of the values: 0 for the value 0, 40000 for 1, one
more for each step up, the negative of that for negative values. A sketch holds at most 1,024 buckets. Where values fill
more (a factor of 600 million from lowest to highest, without a gap), the lowest buckets become one, and what is said
about 1 % ends for the percentiles in it.

As text a sketch is its version, `1`, then an entry for each bucket in the order of keys, in 90 printable characters:

    [gap digits, highest first] pair [count digits, lowest first]

A pair (60 characters) stands for a gap of 1 to 12 to the key before and for a count, of 1 to 20 after a gap of 1, and
less after larger ones (`ROWS`). What is larger has digits beside it: a gap digit (14 of them) stands for 12 times as
much, the one before it for 12 * 14; a count digit (16) for as many as the row has counts, the next for 16 times that.
The gap of the first entry is 1 more than twice its distance from key 40000, or 1 less than that for a key below.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Union

Number = Union[int, float]
Counts = dict[int, int]  # the number of values in each bucket

VERSION = "1"
STEPS = 50.49834979184394  # buckets for a factor of e: 1 / log(1.02). Part of the format: not to be calculated anew
ONE = 40_000  # key of the value 1
MOST_KEY = 73_720  # that of 1e290; whatever is larger is counted there
MOST_BUCKETS = 1024
MOST_COUNT = 2**48 - 1  # of a bucket
LONGEST = 16_384  # characters; what `encode` makes is shorter

ALPHABET = "".join(chr(code) for code in range(33, 127) if chr(code) not in "\"',\\")
ROWS = (20, 10, 6, 5, 4, 3, 2, 2, 2, 2, 2, 2)  # how many counts a pair can tell, by gap
GAPS = len(ROWS)
PAIRS = [(gap, count) for gap, row in enumerate(ROWS, 1) for count in range(1, row + 1)]
GAP_DIGITS = ALPHABET[len(PAIRS) : len(PAIRS) + 14]
COUNT_DIGITS = ALPHABET[len(PAIRS) + 14 :]
MOST_GAP_DIGITS = 4  # more would be beyond the largest key
MOST_COUNT_DIGITS = 12  # more would be beyond the largest count

_GAP_PART = f"[{re.escape(GAP_DIGITS)}]{{0,{MOST_GAP_DIGITS}}}"
_PAIR_PART = f"[{re.escape(ALPHABET[: len(PAIRS)])}]"
_COUNT_PART = f"[{re.escape(COUNT_DIGITS)}]{{0,{MOST_COUNT_DIGITS}}}"
_FORM = re.compile(f"{VERSION}(?:{_GAP_PART}{_PAIR_PART}{_COUNT_PART})+")
_HEAD = 4  # characters in which the first entry of a usual timer fits
_MIDDLE = 0.9999509839962453  # of a bucket, beside its power of 1.02: 2 * sqrt(1.02) / 2.02
_PAIR = dict(zip(PAIRS, ALPHABET))
_GAP = [0] * 127  # by character code; 0 for what is no pair
_COUNT = [0] * 127
for _character, (_gap, _count) in zip(ALPHABET, PAIRS):
    _GAP[ord(_character)], _COUNT[ord(_character)] = _gap, _count
_GAP_DIGIT = {ord(character): digit for digit, character in enumerate(GAP_DIGITS)}
_COUNT_DIGIT = {ord(character): digit for digit, character in enumerate(COUNT_DIGITS)}


class SketchError(ValueError):
    """A text that is no sketch."""


def key_of(value: Number) -> int:
    """The bucket of a finite value."""
    if value == 0:
        return 0
    key = min(int(math.log(abs(value)) * STEPS + (ONE + 0.5)), MOST_KEY)
    return key if value > 0 else -key


def count_sorted(counts: Counts, ordered: Sequence[Number], amounts: Sequence[int]) -> None:
    """Adds finite values, given in ascending order, of which each came `amounts` times: one logarithm for each bucket,
    not for each value."""
    log, exp, steps, offset = math.log, math.exp, STEPS, ONE + 0.5
    seen = counts.get
    start = bisect_right(ordered, 0)
    for value, amount in zip(ordered[:start], amounts):
        counts[key_of(value)] = seen(key_of(value), 0) + amount
    passed = [0, *accumulate(amounts)]
    size = len(ordered)
    while start < size:
        key = int(log(ordered[start]) * steps + offset)  # as key_of has it, without the call
        end = bisect_left(ordered, exp((key + 1 - offset) / steps), start + 1)
        counts[key] = seen(key, 0) + passed[end] - passed[start]
        start = end


@lru_cache(maxsize=4096)
def value_of(key: int) -> float:
    """What the values of a bucket are told to be, in six significant digits."""
    if key == 0:
        return 0.0
    value = float(f"{math.exp((abs(key) - ONE) / STEPS) * _MIDDLE:.6g}")
    return value if key > 0 else -value


def encode(counts: Counts) -> str:
    """The text of a sketch. ValueError when it is empty."""
    if not counts:
        raise ValueError("no values, no sketch")
    keys = sorted(counts)
    if len(keys) > MOST_BUCKETS:
        keys = _collapse(counts, keys)
    before, *others = keys
    distance = before - ONE
    tokens = [VERSION, _token(2 * distance + 1 if distance >= 0 else -2 * distance, counts[before])]
    for key in others:
        tokens.append(_token(key - before, counts[key]))
        before = key
    return "".join(tokens)


def _collapse(counts: Counts, keys: list[int]) -> list[int]:
    """Makes the lowest buckets one; returns the keys that are left."""
    lowest = keys[-MOST_BUCKETS]
    for key in keys[:-MOST_BUCKETS]:
        counts[lowest] += counts.pop(key)
    return keys[-MOST_BUCKETS:]


@lru_cache(maxsize=4096)
def _token(gap: int, count: int) -> str:
    high, low = divmod(gap - 1, GAPS)
    more, few = divmod(min(count, MOST_COUNT) - 1, ROWS[low])
    token = _PAIR[low + 1, few + 1]
    while high:
        high, digit = divmod(high, len(GAP_DIGITS))
        token = GAP_DIGITS[digit] + token
    while more:
        more, digit = divmod(more, len(COUNT_DIGITS))
        token += COUNT_DIGITS[digit]
    return token


def decode(text: str) -> Counts:
    """The counts by bucket. SketchError for a text that is no sketch."""
    if len(text) > LONGEST or _FORM.fullmatch(text) is None:
        raise SketchError("a sketch begins with 1, has whole entries behind it, and not too many")
    counts: Counts = {}
    add(counts, text)
    return counts


def merge(texts: Iterable[str]) -> str:
    """The sketch of all values of some well-formed sketches, of one at least."""
    counts: Counts = {}
    for text in texts:
        add(counts, text)
    return encode(counts)


def add(counts: Counts, text: str) -> None:
    """Adds a well-formed sketch to `counts`; keys beyond the largest count as the largest."""
    key, count, weight, place = _start(text[:_HEAD]) or _start(text)  # type: ignore[misc]  # well-formed: not None
    seen = counts.get
    counts[key] = seen(key, 0) + count
    high = 0
    for code in text[place:].encode():
        gap = _GAP[code]
        if gap:
            key += gap + high
            key = min(key, MOST_KEY)
            counts[key] = seen(key, 0) + _COUNT[code]
            high = 0
            weight = ROWS[gap - 1]
        elif code in _COUNT_DIGIT:
            counts[key] += _COUNT_DIGIT[code] * weight
            weight *= len(COUNT_DIGITS)
        else:
            high = high * len(GAP_DIGITS) + _GAP_DIGIT[code] * GAPS


@lru_cache(maxsize=8192)
def _start(head: str) -> tuple[int, int, int, int] | None:
    """Of the first entry: its key, the count in its pair, the weight of a count digit, and where the pair ends.

    None where the pair does not stand in `head`. Few different ones are met, so it pays to remember them.
    """
    high = 0
    for place, code in enumerate(head[1:].encode(), 2):
        gap = _GAP[code]
        if gap:
            gap += high * GAPS
            key = ONE + (gap // 2 if gap % 2 else -gap // 2)
            return max(-MOST_KEY, min(key, MOST_KEY)), _COUNT[code], ROWS[_GAP[code] - 1], place
        high = high * len(GAP_DIGITS) + _GAP_DIGIT[code]
    return None


def at_ranks(counts: Counts, ranks: Sequence[int]) -> list[float]:
    """The values at these places, from 0, among all values of a sketch in order."""
    keys = sorted(counts)
    passed = list(accumulate(counts[key] for key in keys))
    return [value_of(keys[min(bisect_right(passed, rank), len(keys) - 1)]) for rank in ranks]


def tails(counts: Counts, pct: float, low: Number, high: Number) -> tuple[Number, Number]:
    """`bot` and `top`: the values at the positions `pct` times the count from either end, between `low` and `high`."""
    count = sum(counts.values())
    cut = int(pct * count)
    bot, top = at_ranks(counts, [cut, count - 1 - cut])
    return min(max(bot, low), high), min(max(top, low), high)
