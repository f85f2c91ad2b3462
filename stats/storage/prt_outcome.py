"""What became of lines on their way into `.prt` files: how many were written, which were not, and why."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stats.storage.failures import StorageError, failure
from stats.storage.lines import Lines

logger = logging.getLogger("dattss.storage")


@dataclass
class WriteReport:
    """What a write did. `written` lines are in their files; for `late` of them a file had to be replaced. `cut` torn or
    unreadable lines were removed from files. `refused` lines can never be written (a bad name); each is in the log.
    """

    written: int = 0
    late: int = 0
    cut: int = 0
    refused: int = 0


class FlushError(StorageError):
    """Some lines could not be written: exactly `unwritten`, in the order in which they came. `report` has the rest, and
    `causes` each file or folder that failed, once.

    `errno`, `strerror` and `filename` are those of the first failure; `full` is set where any file did not fit. Writing
    `unwritten` again, and only that, completes the flush with nothing twice.
    """

    def __init__(self, causes: list[StorageError], unwritten: list[Lines], report: WriteReport) -> None:
        super().__init__(causes[0].errno, causes[0].strerror, causes[0].filename)
        self.causes = causes
        self.unwritten = unwritten
        self.report = report

    @property
    def full(self) -> bool:
        return any(cause.full for cause in self.causes)


class Outcome:
    """What became of the lines of one call: `report` as it grows, and the lines that failed, `unwritten`."""

    def __init__(self) -> None:
        self.report = WriteReport()
        self.unwritten: list[Lines] = []
        self._causes: dict[str, StorageError] = {}

    def refused(self, lines: Lines, files: list[str], error: Exception) -> None:
        """These files' lines can never be written."""
        self.report.refused += len(files)
        logger.warning("a minute was refused: %s", error, extra={"where": lines.where, "files": files})

    def failed(self, lines: Lines, files: Iterable[tuple[str, bytes]], error: OSError, path: Path) -> None:
        """These files' lines are not written this time."""
        self._causes.setdefault(str(path), failure(error, str(path)))
        if not self.unwritten or self.unwritten[-1].where != lines.where:
            self.unwritten.append(Lines(*lines.where))
        for file, text in files:
            self.unwritten[-1].add(file, text)

    def cut(self, path: Path, line: bytes) -> None:
        """A damaged line is removed from the file `path`."""
        self.report.cut += 1
        logger.warning("cut a damaged line from %s: %r", path, line[:120])

    @property
    def causes(self) -> list[StorageError]:
        """Each file or folder that failed, once."""
        return list(self._causes.values())

    def raise_failures(self) -> None:
        """Raises FlushError where lines have failed."""
        if self._causes:
            raise FlushError(self.causes, self.unwritten, self.report)
