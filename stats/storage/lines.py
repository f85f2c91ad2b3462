"""Lines on their way into `.prt` files, those of a process's minute together: the unit in which a flush works."""

import logging
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from stats.aggregation.arithmetic import CNT
from stats.aggregation.cut import Minute
from stats.aggregation.partial import MinuteRow
from stats.aggregation.registry import Process
from stats.storage.paths import prt_name_of
from stats.storage.prt import MINUTES, format_line, format_lines

logger = logging.getLogger("dattss.storage")

_EXACT = 2.0**53  # from here on a double is not written with all its digits, as a count has to be


class Lines(msgspec.Struct, array_like=True):
    """`texts` are to be the lines of `minute` (Unix time divided by 60) in `files` of the process, one each."""

    account: int
    process: str
    minute: int
    files: list[str] = []
    texts: list[bytes] = []

    @property
    def where(self) -> tuple[int, str, int]:
        """Account, process and minute."""
        return self.account, self.process, self.minute

    def add(self, file: str, text: bytes) -> None:
        """One more line."""
        self.files.append(file)
        self.texts.append(text)


def of_rows(rows: Iterable[MinuteRow]) -> Iterator[Lines]:
    """The lines of rows, in their order. What cannot be a line, such as no number, is left out, and the log says so."""
    lines: Lines | None = None
    for row in rows:
        try:
            text = format_line(row.minute % MINUTES, row.aggregate)
        except ValueError as error:
            logger.warning("a minute was refused: %s", error, extra={"row": row[:5]})
            continue
        if lines is None or lines.where != (row.account, row.process, row.minute):
            if lines is not None:
                yield lines
            lines = Lines(row.account, row.process, row.minute)
        lines.add(prt_name_of(row.kind, row.name), text)
    if lines is not None:
        yield lines


def of_minute(minute: Minute) -> list[Lines]:
    """The lines of a minute of many stats, made all at once."""
    odd = ~np.isfinite(minute.columns).all(axis=0) | (minute.columns[CNT] >= _EXACT)
    if odd.any():
        return [*_of_sound(minute.select(~odd)), *of_rows(minute.select(odd).rows())]
    return _of_sound(minute)


def _of_sound(minute: Minute) -> list[Lines]:
    found: dict[Process, Lines] = {}
    texts = format_lines([minute.minute % MINUTES] * len(minute.stats), minute.columns, minute.sketches)
    for stat, text in zip(minute.stats, texts, strict=True):
        lines = found.get(stat.process)
        if lines is None:
            lines = found[stat.process] = Lines(stat.process.account.id, stat.process.name, minute.minute)
        lines.files.append(prt_name_of(stat.kind, stat.name))
        lines.texts.append(text)
    return list(found.values())
