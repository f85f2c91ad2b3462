"""A `.prt` file that is replaced whole: what becomes of its lines, those that came late and those that are damaged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stats.aggregation.partial import Aggregate
from stats.storage.lines import Lines
from stats.storage.prt import MINUTES, minute_of, parse_line
from stats.storage.prt_folders import Folder


@dataclass(eq=False)
class LateFile:
    """A file that is replaced. `texts`: minute of the day → what becomes its line, and among which lines it came;
    `lines`: minute → line; `changed`: minute → what has to be merged to become its line."""

    folder: Folder
    name: str
    texts: dict[int, tuple[Lines, bytes]] = field(default_factory=dict)
    lines: dict[int, bytes] = field(default_factory=dict)
    changed: dict[int, list[Aggregate]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder.path / self.name

    def set(self, lines: Lines, text: bytes) -> None:
        """`text` becomes the line of the minute."""
        self.texts[lines.minute % MINUTES] = lines, text

    def load(self, content: bytes) -> Iterator[bytes]:
        """Sorts the file's content and what is set into `lines` and `changed`; gives the lines that are damaged.

        A line that nothing touches is not parsed but kept as it is; the last one is, since what follows relies on it.
        """
        touched: set[int] = set()
        doubtful: list[tuple[int, bytes]] = []
        body, _, torn = content.rpartition(b"\n")
        if torn:
            yield torn
        for line in body.split(b"\n") if body else ():
            minute = minute_of(line)
            if minute is None:
                yield line
                continue
            if minute in self.texts:
                continue
            if minute in self.lines:  # it is there twice
                touched.add(minute)
                doubtful.append(self._pop(minute))
            if minute in touched:
                doubtful.append((minute, line))
            else:
                self.lines[minute] = line + b"\n"
        if self.lines:
            doubtful.append(self._pop(max(self.lines)))
        yield from self._parse(doubtful)
        self.lines.update((minute, text) for minute, (_, text) in self.texts.items())

    def _pop(self, minute: int) -> tuple[int, bytes]:
        return minute, self.lines.pop(minute).rstrip(b"\n")

    def _parse(self, doubtful: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        for minute, line in doubtful:
            parsed = parse_line(line)
            if parsed is None:
                yield line
            else:
                self.changed.setdefault(minute, []).append(parsed[1])
