"""Texts to sketches in columns: all texts at once, a step for each character of the longest number in them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from dattss import sketch

from stats.aggregation.arithmetic import Flags, Rows
from stats.aggregation.sketches import letters
from stats.aggregation.sketches.columns import JUMP, Sketches, spread
from stats.aggregation.sketches.letters import END, Bytes


def bounds_of(data: Bytes) -> Rows:
    """Where each text begins that has an `END` behind it, and where the last one ends."""
    return np.append(0, np.flatnonzero(data == ord(END)) + 1)


def joined(texts: Iterable[str]) -> Bytes:
    """The texts one behind the other, an `END` behind each. What would be mistaken for another text is made none."""
    known = list(texts)
    together = "\n".join([*known, ""])
    if together.count("\n") != len(known):
        together = "\n".join([*(text.replace("\n", " ") for text in known), ""])
    return np.frombuffer(together.encode("ascii", "backslashreplace"), np.uint8)


def decode(data: Bytes) -> Sketches:
    """The sketches in texts with an `END` behind each; without buckets where a text is none."""
    bounds = bounds_of(data)
    starts, ends = bounds[:-1], bounds[1:] - 1
    kinds = _looked_up(letters.KIND, data).copy()
    kinds[starts] = letters.VERSION
    kinds[ends] = letters.LAST  # also where a text is empty
    texts = _Texts(
        data, kinds, starts, ends, np.flatnonzero(kinds == letters.HIGH), np.flatnonzero(kinds == letters.MORE)
    )
    sound = _sound(texts)
    if sound.all():
        return _decoded(texts)
    kept = np.repeat(sound, ends - starts + 1)
    return spread(decode(data[kept]), sound)


class _Texts(NamedTuple):
    """Texts one behind the other, the kinds of their characters, where each begins and ends, and where the digits of
    gaps (`high`) and of counts (`more`) are."""

    data: Bytes
    kinds: Bytes
    starts: Rows
    ends: Rows
    high: Rows
    more: Rows


def _sound(texts: _Texts) -> Flags:
    """Which texts are sketches. Only pairs may be followed by anything, so that the rest is looked at."""
    data, kinds, starts, ends, high, more = texts
    most_high, most_more = sketch.MOST_GAP_DIGITS, sketch.MOST_COUNT_DIGITS
    heads = np.concatenate((starts, high))
    after = kinds[np.minimum(heads + 1, len(kinds) - 1)]
    wrong = (
        np.flatnonzero(kinds == 0),
        starts[(data[starts] != ord(sketch.VERSION)) | (ends - starts > sketch.LONGEST)],
        heads[(after != letters.PAIR) & (after != letters.HIGH)],
        high[most_high:][high[most_high:] - high[:-most_high] == most_high],
        more[most_more:][more[most_more:] - more[:-most_more] == most_more],
    )
    sound = np.ones(len(ends), np.bool_)
    sound[np.searchsorted(ends, np.concatenate(wrong))] = False
    return sound


def _decoded(texts: _Texts) -> Sketches:
    """The buckets of sound texts, a place for each character: for a pair its bucket; for a count digit the same one
    again; for all others no values."""
    data, kinds, starts, _, high, more = texts
    gaps = _looked_up(letters.GAP, data).astype(np.int64)
    counts = _looked_up(letters.COUNT, data).astype(np.float64)
    counts[starts] = 0  # the version would be a pair
    gaps[high] = letters.GAP_PLACES[_run_lengths(high, -1)] * letters.DIGIT[data[high]]
    place = _run_lengths(more, 1)
    counts[more] = letters.ROW[data[more - place - 1]] * letters.COUNT_PLACES[place] * letters.DIGIT[data[more]]
    lowest = _lowest(gaps, kinds, starts)
    leaps = high[gaps[high] > JUMP]
    # As one running sum over all texts: each begins with its lowest key, and so with what takes the sum there.
    gaps[starts] = 0
    reached = lowest + np.add.reduceat(gaps, starts)
    gaps[starts] = lowest - np.append(0, reached[:-1])
    keys = np.cumsum(gaps, out=gaps)
    if reached.max(initial=0) > sketch.MOST_KEY:
        np.minimum(keys, sketch.MOST_KEY, out=keys)
    return Sketches(np.append(starts, len(data)), keys, counts, leaps)


def _looked_up(table: Bytes, data: Bytes) -> Bytes:
    """`table[data]`, several times as fast."""
    return np.frombuffer(data.tobytes().translate(table.tobytes()), np.uint8)


def _lowest(gaps: Rows, kinds: Bytes, starts: Rows) -> Rows:
    """The key of each text's first entry, whose gaps become 0."""
    place, distance = starts + 1, gaps[starts + 1]
    gaps[place] = 0
    while (unfinished := kinds[place] == letters.HIGH).any():
        place = place + unfinished
        distance += np.where(unfinished, gaps[place], 0)
        gaps[place] = 0
    lowest = sketch.ONE + np.where(distance % 2, distance // 2, -(distance // 2))
    clipped: Rows = np.clip(lowest, -sketch.MOST_KEY, sketch.MOST_KEY)
    return clipped


def _run_lengths(places: Rows, direction: int) -> Rows:
    """How many of the `places` (rising) lie without a gap directly before each, or (-1) behind it."""
    if direction < 0:
        return _run_lengths(-places[::-1], 1)[::-1]
    number = np.arange(len(places))
    opens = np.append(True, np.diff(places) != 1)[: len(places)]
    first: Rows = np.maximum.accumulate(np.where(opens, number, 0))
    return number - first
