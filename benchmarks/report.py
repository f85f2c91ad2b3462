"""What a row found, and the table of them all: ratios first, since they hold on other machines and times do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Bar:
    """What is asked for: `ours`, or the `ratio` of ours to the peer's, is at most or at least `limit`."""

    of: Literal["ours", "ratio"]
    limit: float
    most: bool = True
    text: str = ""  # how the limit is written where that is not its number: 1/40

    def __str__(self) -> str:
        return f"{'≤' if self.most else '≥'} {self.text or number(self.limit)}{' x' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Line:
    """One line of the table. Without `ours` there is only the note: why there is no figure."""

    what: str
    unit: str = ""
    ours: float | None = None
    peer: float | None = None
    bar: Bar | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def met(self) -> bool | None:
        """None where nothing is asked, or nothing was measured."""
        value = None if self.bar is None else self.ratio if self.bar.of == "ratio" else self.ours
        if self.bar is None or value is None:
            return None
        return value <= self.bar.limit if self.bar.most else value >= self.bar.limit


def middle(what: str, unit: str, ours: list[float], peer: list[float] | None = None, **more: object) -> Line:
    """A line of the medians of several rounds; the note tells how far ours spread."""
    spread = f"{number(min(ours))} to {number(max(ours))}" if len(ours) > 1 else ""
    bar, note = more.get("bar"), more.get("note", "")
    assert bar is None or isinstance(bar, Bar)
    return Line(
        what, unit, median(ours), median(peer) if peer else None, bar, "; ".join(filter(None, (spread, str(note))))
    )


def number(value: float | None) -> str:
    """Three significant digits, never an exponent."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(rows: Iterable[tuple[str, Line]]) -> str:
    """The rows as one table that is Markdown too."""
    cells: list[tuple[str, ...]] = [("row", "what", "unit", "ours", "peer", "ours/peer", "bar", "", "spread, notes")]
    cells += [(name, *_cells(line)) for name, line in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(line: Line) -> tuple[str, ...]:
    verdict = {None: "", True: "met", False: "MISSED"}[line.met]
    bar = "" if line.bar is None else str(line.bar)
    return line.what, line.unit, number(line.ours), number(line.peer), _ratio(line.ratio), bar, verdict, line.note


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return number(ratio) if ratio > 0.1 else f"1/{number(1 / ratio)}" if ratio else "0"
