"""Sketches of any number of texts merged a chunk at a time, so that memory does not grow with what is merged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from stats.aggregation.arithmetic import Floats, Rows
from stats.aggregation.sketches.columns import Sketches, nothing, starts_of
from stats.aggregation.sketches.decoding import decode, joined
from stats.aggregation.sketches.encoding import texts_of
from stats.aggregation.sketches.letters import Bytes
from stats.aggregation.sketches.merging import merge

CHUNK = 1 << 17  # characters that are worked on at a time: their columns take some 10 MB

_PIECE = 16  # of the longest texts have about as many characters as there are in a chunk


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
        texts += texts_of(merged)
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
        group = [text for piece in pieces for text in texts_of(_of_groups([piece]))]
    return group


def _of_groups(groups: Sequence[Sequence[str]]) -> Sketches:
    sizes = np.fromiter(map(len, groups), np.int64, len(groups))
    return merge(decode(joined(chain.from_iterable(groups))), sizes)


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
        return Sketches(starts_of(sizes), keys, counts)


def merge_joined(data: Bytes, bounds: Rows, sizes: Rows) -> Batches:
    """The merged sketches of the first `sizes[0]` texts, of the `sizes[1]` after them, and so on. Text number n is
    `data[bounds[n]:bounds[n + 1]]`, the last of it an `END`."""
    edges = bounds[starts_of(sizes)]
    firsts = np.append(np.flatnonzero(np.diff(edges[:-1] // CHUNK, prepend=-1)), len(sizes))
    chunks = pairwise(firsts.tolist())
    return Batches([merge(decode(data[edges[first] : edges[end]]), sizes[first:end]) for first, end in chunks])
