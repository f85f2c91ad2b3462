"""Sketches in columns: those of many stats decoded, merged, asked and encoded at once. For their text see
`dattss.sketch`, which this agrees with to the last bucket and character.

Nothing is sorted but runs of buckets, of which a sketch has one or two: the runs of a group, laid over each other, span
a few stretches of keys, each key in them gets a cell, and the counts are added up in the cells.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from dattss import sketch
from numpy.typing import NDArray

from stats.aggregation.arithmetic import Flags, Floats, Rows

Bytes = NDArray[np.uint8]

END = b"\n"  # behind each text
CHUNK = 1 << 17  # characters that are worked on at a time: their columns take some 10 MB

_PARTS = 10**9  # of which shares are counted
_PIECE = 16  # of the longest texts have about as many characters as there are in a chunk
_JUMP = 64  # a larger gap between two keys begins a new run: no cells are laid out for it
_SPAN = 2 * sketch.MOST_KEY + 1  # keys that there are
_GAP_DIGITS, _COUNT_DIGITS = len(sketch.GAP_DIGITS), len(sketch.COUNT_DIGITS)

_PAIR, _HIGH, _MORE, _VERSION, _END = 1, 2, 3, 4, 5  # kinds of characters: a pair, a gap digit, a count digit, ...
_KIND = np.zeros(256, np.uint8)  # by character code, as all that follows; 0 for what no sketch has
_GAP, _COUNT, _ROW, _DIGIT = (np.zeros(256, np.uint8) for _ in range(4))
_PAIR_CODE = np.zeros((sketch.GAPS, max(sketch.ROWS)), np.uint8)  # by gap - 1 and count - 1
for _character, (_gap, _count) in zip(sketch.ALPHABET, sketch.PAIRS, strict=False):
    _code = _PAIR_CODE[_gap - 1, _count - 1] = ord(_character)
    _KIND[_code], _GAP[_code], _COUNT[_code], _ROW[_code] = _PAIR, _gap, _count, sketch.ROWS[_gap - 1]
for _kind, _characters in ((_HIGH, sketch.GAP_DIGITS), (_MORE, sketch.COUNT_DIGITS)):
    for _digit, _character in enumerate(_characters):
        _KIND[ord(_character)], _DIGIT[ord(_character)] = _kind, _digit
_KIND[ord(END)] = _END

_GAP_PLACES = sketch.GAPS * _GAP_DIGITS ** np.arange(sketch.MOST_GAP_DIGITS)  # what a digit counts for, by its place
_COUNT_PLACES = float(_COUNT_DIGITS) ** np.arange(sketch.MOST_COUNT_DIGITS)
_ROWS = np.array(sketch.ROWS, np.int64)
_GAP_CODE = np.frombuffer(sketch.GAP_DIGITS.encode(), np.uint8)
_COUNT_CODE = np.frombuffer(sketch.COUNT_DIGITS.encode(), np.uint8)


@dataclass(frozen=True, eq=False)
class Sketches:
    """Several sketches: number n has the buckets `keys[starts[n]:starts[n + 1]]`, in order, and in each of them
    `counts` values.

    `starts` has one entry more than there are sketches. One without buckets is of nothing that anybody could know.
    Buckets may be without values.
    """

    starts: Rows
    keys: Rows
    counts: Floats
    leaps: Rows | None = None  # buckets far beyond the one before in the same sketch, where that is known

    @property
    def sizes(self) -> Rows:
        """The number of buckets of each."""
        return np.diff(self.starts)

    def totals(self) -> Rows:
        """The number of values of each."""
        return np.diff(self._passed[self.starts])

    @cached_property
    def _passed(self) -> Rows:
        """How many values lie before each bucket, and in all; where that runs over, differences are right still."""
        return _starts(self.counts.astype(np.int64))

    def merged(self, sizes: Rows) -> "Sketches":
        """The sketches of groups: of the first `sizes[0]` ones, of the `sizes[1]` after them, and so on. None of a
        group with a sketch that nobody knows, or without any."""
        group = np.repeat(np.arange(len(sizes)), sizes)
        known = np.bincount(group[self.sizes > 0], minlength=len(sizes)) == sizes
        known &= sizes > 0
        if known.all():
            return _collapsed(_merged(self, group, len(sizes)))
        kept = self.only(known[group])
        names = np.cumsum(known) - 1
        some = _collapsed(_merged(kept, names[group[known[group]]], int(known.sum())))
        return _spread(some, known)

    def only(self, wanted: Flags) -> "Sketches":
        """Those that are wanted, and no others."""
        if wanted.all():
            return self
        inside = np.repeat(wanted, self.sizes)
        return Sketches(_starts(self.sizes[wanted]), self.keys[inside], self.counts[inside])

    def filled(self) -> "Sketches":
        """The same without buckets that have no values."""
        used = np.flatnonzero(self.counts)
        return Sketches(np.searchsorted(used, self.starts), self.keys[used], self.counts[used])

    def runs(self) -> Rows:
        """Where a run of buckets begins: with each sketch (none may be empty), and after a gap that is no small one."""
        firsts = self.starts[:-1]
        if self.leaps is not None:
            return np.sort(np.concatenate((firsts, self.leaps)))
        begins = np.diff(self.keys, prepend=0) > _JUMP
        begins[firsts] = True
        return np.flatnonzero(begins)

    def at_ranks(self, ranks: Rows) -> Floats:
        """The values at the places `ranks` (k, sketches), from 0, among all values in order; 0 where there are none."""
        some = np.flatnonzero(self.sizes)
        passed, wanted = self._passed, ranks[:, some]
        low, high = (np.broadcast_to(edge, wanted.shape) for edge in (self.starts[some], self.starts[some + 1] - 1))
        wanted = wanted + passed[low]
        while (low < high).any():
            middle = (low + high) // 2
            reached = passed[middle + 1] - wanted > 0
            high = np.where(reached, middle, high)
            low = np.where(reached, low, np.minimum(middle + 1, high))
        found = np.zeros(ranks.shape)
        found[:, some] = _values(self.keys[low])
        return found

    def tails(self, pct: float | Floats) -> Floats:
        """`bot` and `top` of each, (2, sketches): the values at the positions `pct` times the count from either end."""
        totals = self.totals()
        cut = (pct * totals).astype(np.int64)
        return self.at_ranks(np.array([cut, totals - 1 - cut]))

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """The values at the positions `share` times one less than the count, rounded down: (shares, sketches).

        Shares count to nine decimals, in whole numbers: as a double 0.29 is a little less, and falls a place short.
        """
        parts = np.rint(np.array(shares) * _PARTS).astype(np.int64)[:, None]
        whole, rest = np.divmod(self.totals() - 1, _PARTS)
        return self.at_ranks(whole * parts + rest * parts // _PARTS)

    def texts(self) -> list[str]:
        """Each as text; empty for one that nobody knows."""
        data, bounds = _encoded(self.filled())
        text = data.tobytes().decode("ascii")
        return [text[start:end] for start, end in pairwise(bounds.tolist())]


def nothing(number: int) -> Sketches:
    """So many sketches that nobody knows."""
    return Sketches(np.zeros(number + 1, np.int64), np.zeros(0, np.int64), np.zeros(0))


class Merged(NamedTuple):
    """The merged sketches of some groups: as texts, of how many values, with which `bot` and `top`.

    Where one of a group's texts was none, the text is empty and the number 0.
    """

    texts: list[str]
    totals: Rows
    bot: Floats
    top: Floats


def merge_many(groups: Sequence[Sequence[str]], pct: float | Floats) -> Merged:
    """Merges each group. `pct` is the share beyond `bot` and `top`, of all groups or of each (groups).

    Whatever stands in the texts, nothing fails: a group with a text that is no sketch has none.
    """
    shares = np.broadcast_to(np.asarray(pct, np.float64), (len(groups),))
    texts: list[str] = []
    totals: list[Rows] = [np.zeros(0, np.int64)]
    tails: list[Floats] = [np.zeros((2, 0))]
    for start, end in _chunks(groups):
        merged = _of_groups(groups[start:end] if end - start > 1 else [_shortened(groups[start])])
        texts += merged.texts()
        totals.append(merged.totals())
        tails.append(merged.tails(shares[start:end]))
    bot, top = np.concatenate(tails, axis=1)
    return Merged(texts, np.concatenate(totals), bot, top)


def _chunks(groups: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Bounds of groups that have at most `CHUNK` characters together; one that has more stands alone."""
    start, length = 0, 0
    for place, group in enumerate(groups):
        own = sum(map(len, group))
        if length + own > CHUNK and place > start:
            yield start, place
            start, length = place, 0
        length += own
    if groups:
        yield start, len(groups)


def _shortened(group: Sequence[str]) -> Sequence[str]:
    """Texts with the same merged sketch that have few enough characters for one chunk, however many there were."""
    while len(group) > 1 and sum(map(len, group)) > 4 * CHUNK:
        pieces = [group[start : start + _PIECE] for start in range(0, len(group), _PIECE)]
        group = [text for piece in pieces for text in _of_groups([piece]).texts()]
    return group


def _of_groups(groups: Sequence[Sequence[str]]) -> Sketches:
    sizes = np.fromiter(map(len, groups), np.int64, len(groups))
    return decode(joined(chain.from_iterable(groups))).merged(sizes)


@dataclass(frozen=True, eq=False)
class Batches:
    """Many sketches, some at a time: to lay their buckets side by side would take longer than to ask each batch."""

    parts: Sequence[Sketches]

    def totals(self) -> Rows:
        """The number of values of each sketch; 0 for one that nobody knows."""
        return np.concatenate([np.zeros(0, np.int64), *(part.totals() for part in self.parts)])

    def tails(self, pct: float) -> Floats:
        """As `Sketches.tails`."""
        return np.concatenate([np.zeros((2, 0)), *(part.tails(pct) for part in self.parts)], axis=1)

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """As `Sketches.quantiles`."""
        nobody = np.zeros((len(shares), 0))
        return np.concatenate([nobody, *(part.quantiles(shares) for part in self.parts)], axis=1)

    def together(self) -> Sketches:
        """All of them side by side."""
        columns = ((part.sizes, part.keys, part.counts) for part in (nothing(0), *self.parts))
        sizes, keys, counts = map(np.concatenate, zip(*columns, strict=True))
        return Sketches(_starts(sizes), keys, counts)


def merge_joined(data: Bytes, bounds: Rows, sizes: Rows) -> Batches:
    """The merged sketches of the first `sizes[0]` texts, of the `sizes[1]` after them, and so on. Text number n is
    `data[bounds[n]:bounds[n + 1]]`, the last of it an `END`."""
    edges = bounds[_starts(sizes)]
    firsts = np.append(np.flatnonzero(np.diff(edges[:-1] // CHUNK, prepend=-1)), len(sizes))
    chunks = pairwise(firsts.tolist())
    return Batches([decode(data[edges[first] : edges[end]]).merged(sizes[first:end]) for first, end in chunks])


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


# --- decoding ---------------------------------------------------------------------------------------------------------
def decode(data: Bytes) -> Sketches:
    """The sketches in texts with an `END` behind each; without buckets where a text is none."""
    bounds = bounds_of(data)
    starts, ends = bounds[:-1], bounds[1:] - 1
    kinds = _looked_up(_KIND, data).copy()
    kinds[starts] = _VERSION
    kinds[ends] = _END  # also where a text is empty
    texts = _Texts(data, kinds, starts, ends, np.flatnonzero(kinds == _HIGH), np.flatnonzero(kinds == _MORE))
    sound = _sound(texts)
    if sound.all():
        return _decoded(texts)
    kept = np.repeat(sound, ends - starts + 1)
    return _spread(decode(data[kept]), sound)


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
        heads[(after != _PAIR) & (after != _HIGH)],
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
    gaps = _looked_up(_GAP, data).astype(np.int64)
    counts = _looked_up(_COUNT, data).astype(np.float64)
    counts[starts] = 0  # the version would be a pair
    gaps[high] = _GAP_PLACES[_run_lengths(high, -1)] * _DIGIT[data[high]]
    place = _run_lengths(more, 1)
    counts[more] = _ROW[data[more - place - 1]] * _COUNT_PLACES[place] * _DIGIT[data[more]]
    lowest = _lowest(gaps, kinds, starts)
    leaps = high[gaps[high] > _JUMP]
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
    while (unfinished := kinds[place] == _HIGH).any():
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


# --- merging ----------------------------------------------------------------------------------------------------------
def _merged(parts: Sketches, group: Rows, groups: int) -> Sketches:
    """The sketches of `groups` groups; `group` is that of each part, rising, and each has one. None is empty."""
    if not groups:
        return parts
    runs = parts.runs()
    first, last = parts.keys[runs], parts.keys[np.append(runs[1:], len(parts.keys)) - 1]
    # One line of keys for all groups, each on its own stretch of it.
    stretch = group[np.searchsorted(parts.starts, runs, "right") - 1] * _SPAN + sketch.MOST_KEY
    shift, base, origin = _laid_out(stretch + first, stretch + last)
    cells = np.repeat(stretch + shift, np.diff(runs, append=len(parts.keys)))
    cells += parts.keys
    counts = np.bincount(cells, parts.counts, int(base[-1])).astype(np.float64, copy=False)
    names = origin // _SPAN
    keys = np.repeat(origin - base[:-1] - names * _SPAN - sketch.MOST_KEY, np.diff(base))
    keys += np.arange(len(keys))
    # To take out the cells that nobody is in costs more than to keep them, unless there are many.
    merged = Sketches(np.append(base[np.searchsorted(names, np.arange(groups))], base[-1]), keys, counts)
    return merged if len(keys) <= len(parts.keys) else merged.filled()


def _laid_out(lowest: Rows, highest: Rows) -> tuple[Rows, Rows, Rows]:
    """Cells for runs of places on a line, overlapping ones on the same cells.

    Returns what to add to a place of each run for its cell; and of the stretches that the runs cover, their first
    cells (one more entry: the number of cells) and their first places.
    """
    order = np.argsort(lowest, kind="stable")
    low, reach = lowest[order], np.maximum.accumulate(highest[order])
    opens = np.append(True, low[1:] > reach[:-1])
    first = np.flatnonzero(opens)
    origin = low[first]
    base = _starts(reach[np.append(first[1:], len(low)) - 1] - origin + 1)
    shift = np.empty(len(order), np.int64)
    shift[order] = (base[:-1] - origin)[np.cumsum(opens) - 1]
    return shift, base, origin


def _collapsed(merged: Sketches) -> Sketches:
    """The lowest buckets made one where there are too many, and counts that are too large made the largest."""
    if merged.sizes.max(initial=0) > sketch.MOST_BUCKETS:
        merged = merged.filled()
    excess = np.maximum(merged.sizes - sketch.MOST_BUCKETS, 0)
    starts, keys, counts = merged.starts, merged.keys, merged.counts
    if excess.any():
        place = np.arange(len(keys)) - np.repeat(starts[:-1], merged.sizes)
        kept = place >= np.repeat(excess, merged.sizes)
        lowest = kept & (place == np.repeat(excess, merged.sizes))
        opens = np.flatnonzero((kept & ~lowest) | (place == 0))
        keys, counts = keys[kept], np.add.reduceat(counts, opens)
        starts = _starts(merged.sizes - excess)
    if counts.max(initial=0) > sketch.MOST_COUNT:
        counts = np.minimum(counts, sketch.MOST_COUNT)
    return Sketches(starts, keys, counts)


def _spread(some: Sketches, places: Flags) -> Sketches:
    """The sketches at the places that are True, and none at the others."""
    sizes = np.zeros(len(places), np.int64)
    sizes[places] = some.sizes
    return Sketches(_starts(sizes), some.keys, some.counts)


def _starts(sizes: Rows) -> Rows:
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _values(keys: Rows) -> Floats:
    different, place = np.unique(keys, return_inverse=True)
    values = np.array([sketch.value_of(key) for key in different.tolist()], np.float64)
    return values[place]


# --- encoding ---------------------------------------------------------------------------------------------------------
def _encoded(merged: Sketches) -> tuple[Bytes, Rows]:
    """The texts one behind the other, and their bounds."""
    first = merged.starts[:-1][merged.sizes > 0]
    gaps = np.diff(merged.keys, prepend=0)
    distance = merged.keys[first] - sketch.ONE
    gaps[first] = np.where(distance >= 0, 2 * distance + 1, -2 * distance)
    low, few = gaps - 1, merged.counts.astype(np.int64) - 1
    high, more = _carried(low, sketch.GAPS), _carried(few, _ROWS[low])
    before, after = _digits_of(high, _GAP_DIGITS), _digits_of(more, _COUNT_DIGITS)
    lengths = np.ones(len(gaps), np.int64)
    lengths[first] += 1  # the version
    lengths[high.places] += before
    lengths[more.places] += after
    ends = _starts(lengths)
    pairs = ends[1:] - 1
    pairs[more.places] -= after
    data = np.empty(ends[-1], np.uint8)
    data[pairs] = _PAIR_CODE.ravel()[low * _PAIR_CODE.shape[1] + few]
    data[ends[first]] = ord(sketch.VERSION)
    _write_digits(data, pairs[high.places] - 1, high.times, _GAP_CODE, -1)
    _write_digits(data, pairs[more.places] + 1, more.times, _COUNT_CODE, 1)
    return data, ends[merged.starts]


class _Carry(NamedTuple):
    """At which places there is more than the base, and how many times it."""

    places: Rows
    times: Rows


def _carried(numbers: Rows, bases: Rows | int) -> _Carry:
    """Takes from each number what is beyond its base."""
    places = np.flatnonzero(numbers >= bases)
    times, numbers[places] = np.divmod(numbers[places], np.broadcast_to(bases, numbers.shape)[places])
    return _Carry(places, times)


def _digits_of(carry: _Carry, base: int) -> Rows:
    """How many digits each needs."""
    needed = np.ones(len(carry.times), np.int64)
    bound = base
    while (carry.times >= bound).any():
        needed += carry.times >= bound
        bound *= base
    return needed


def _write_digits(data: Bytes, at: Rows, left: Rows, codes: Bytes, direction: int) -> None:
    """Writes the digits of each number, from its place on in one direction, the lowest first."""
    while left.size:
        left, digit = np.divmod(left, len(codes))
        data[at] = codes[digit]
        at, left = at[left > 0] + direction, left[left > 0]
