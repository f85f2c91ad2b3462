"""A commit that was looked at as a whole, before anything of it counts: its partials as names and columns of numbers.

One pass checks and collects: at some thousand commits a second the looks at partials are what a server's time goes to.
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from stats.aggregation.commit import Commit, InvalidCommit, Partial
from stats.aggregation.names import is_name
from stats.aggregation.partial import KINDS, Kind
from stats.aggregation.sketch_form import are_sketches, is_sketch

if TYPE_CHECKING:
    from stats.aggregation.registry import Layout, Process

_NAME_RULE = "A name is 1 to 128 of the characters A-Z a-z 0-9 _ . : ! - and neither '.' nor '..'"
_SKETCH_RULE = "skt is not a sketch in version 1"


class Checked(NamedTuple):
    """The partials of a good commit, counters first, then gauges, then timers (`sizes` of each).

    `values` holds ten doubles of each partial (`pages.COLUMNS`); `sketches` a text or None of each, or is None itself
    where no partial has one. `layout` is the process's, where its rows are those of these names.
    """

    sizes: tuple[int, int, int]
    names: list[str]
    values: bytes
    sketches: list[str | None] | None
    layout: "Layout | None"


def checked(commit: Commit, process: "Process | None") -> Checked:
    """The partials of a commit for `process`, None where it is not known yet.

    Raises InvalidCommit for what the types alone do not catch; nothing has changed then.
    """
    if process is None and not is_name(commit.nam):
        raise InvalidCommit(_NAME_RULE, "nam")
    names: list[str] = []
    values: list[float] = []
    sketches: list[str | None] = []
    counters, gauges, timers = commit.prt.c, commit.prt.g, commit.prt.ms
    _collect("c", counters, names, values, sketches)
    _collect("g", gauges, names, values, sketches)
    _collect("ms", timers, names, values, sketches)
    sizes = (len(counters), len(gauges), len(timers))
    layout = process.layout if process and process.layout.names == names and process.layout.sizes == sizes else None
    if layout is None:
        _check_names(commit, process)
    if not any(sketches):
        return Checked(sizes, names, _packer(len(values))(*values), None, layout)
    _check_sketches(commit, sketches)
    return Checked(sizes, names, _packer(len(values))(*values), sketches, layout)


def _collect(
    kind: Kind, partials: list[Partial], names: list[str], values: list[float], sketches: list[str | None]
) -> None:
    for partial in partials:
        lowest, highest, count = partial.min, partial.max, partial.cnt
        if lowest > highest or not count.is_integer() or (partial.typ != kind and partial.typ is not None):
            raise _refusal(kind, partials.index(partial), partial)
        names.append(partial.nam)
        sketches.append(partial.skt)
        values += (
            partial.sum,
            count,
            highest,
            lowest,
            partial.bot,
            partial.top,
            partial.fst,
            partial.lst,
            partial.pct,
            partial.emp,
        )


def _refusal(kind: Kind, index: int, partial: Partial) -> InvalidCommit:
    place = f"prt.{kind}[{index}]"
    if partial.min > partial.max:
        return InvalidCommit("min is larger than max", f"{place}.min")
    if not partial.cnt.is_integer():
        return InvalidCommit("cnt is not a whole number", f"{place}.cnt")
    return InvalidCommit(f"typ is not that of the list it stands in, {kind}", f"{place}.typ")


def _check_names(commit: Commit, process: "Process | None") -> None:
    for kind in KINDS:
        known = process.stats[kind] if process else ()
        partials: list[Partial] = getattr(commit.prt, kind)
        for index, partial in enumerate(partials):
            if partial.nam not in known and not is_name(partial.nam):
                raise InvalidCommit(_NAME_RULE, f"prt.{kind}[{index}].nam")


def _check_sketches(commit: Commit, sketches: list[str | None]) -> None:
    if are_sketches([text for text in sketches if text is not None]):
        return
    for kind in KINDS:
        partials: list[Partial] = getattr(commit.prt, kind)
        for index, partial in enumerate(partials):
            if partial.skt is not None and not is_sketch(partial.skt):
                raise InvalidCommit(_SKETCH_RULE, f"prt.{kind}[{index}].skt")


@lru_cache(1024)
def _packer(count: int) -> Callable[..., bytes]:
    """One call for all numbers of a commit: `array.extend` looks at each by itself."""
    return struct.Struct(f"{count}d").pack
