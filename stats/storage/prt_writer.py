"""Puts finished minutes into `.prt` files.

The common case is a minute later than all in its file: one line is added with one write. A minute that the file has
already, or that is earlier than its last one (a late commit, a clock that stepped back), is merged with what is there
first (`merged`, in `prt_merge`), and the file then replaced whole (`write`, with `prt_rewrite`). The two are apart so
that in between the outcome can be written down (`stats.storage.plan`): to write it twice is to write it once.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate
from stats.storage.failures import StorageError
from stats.storage.lines import Lines
from stats.storage.prt import MINUTES, format_line
from stats.storage.prt_folders import Days, Folder, Folders
from stats.storage.prt_merge import Merge
from stats.storage.prt_outcome import Outcome, WriteReport
from stats.storage.prt_rewrite import LateFile
from stats.storage.replace import replace_in

_FILES_AT_ONCE = 1024  # rewritten files whose content is in memory together: their merges are calculated at once


class Merged(NamedTuple):
    """Lines that are ready to be written; `cut` and `refused` as in WriteReport. `unread` are those whose file cannot
    be read, and `causes` say why: they may not be written, but are to be merged another time."""

    lines: list[Lines]
    cut: int
    refused: int
    unread: list[Lines]
    causes: list[StorageError]


class Writer:
    """Writes lines below `root`. It must be the only one that writes there, but for accounts that it is told to
    `forget` before it writes of them again; its calls may come from several threads.

    It remembers the last minute of each file that it wrote to (about 200 bytes a stat), for the days of the latest
    call.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._days: Days = {}

    def forget(self, account: int) -> None:
        """Looks at the account's files again before anything is added to them: somebody else may have written there."""
        with self._lock:
            for folders in self._days.values():
                for place in [place for place in folders if place[0] == account]:
                    del folders[place]

    def merged(self, lines: Iterable[Lines]) -> Merged:
        """What these lines become: those of the same minute and file are merged, in the order in which they come, after
        what the file has already. Nothing is written, but torn lines are cut off. Raises OSError where the process has
        no more files to open, or the like; one bad file raises nothing."""
        outcome = Outcome()
        with self._lock, self._folders(outcome) as folders:
            ready = Merge(folders, outcome).run(lines)
        return Merged(ready, outcome.report.cut, outcome.report.refused, outcome.unwritten, outcome.causes)

    def write(self, lines: Iterable[Lines]) -> WriteReport:
        """Sets the lines in their files; fastest when those of a process come together.

        Done twice it changes nothing. What fails does not keep others from being written; FlushError tells which lines
        are left.
        """
        outcome = Outcome()
        with self._lock, self._folders(outcome) as folders:
            _Write(folders, outcome).run(lines)
        outcome.raise_failures()
        return outcome.report

    @contextmanager
    def _folders(self, outcome: Outcome) -> Iterator[Folders]:
        """The folders for one call, closed at its end."""
        folders = Folders(self._root, self._days, outcome)
        try:
            yield folders
        finally:
            self._days = folders.close()


class _Write:
    """One call of `Writer.write`: adds what can be added as it comes, then replaces the files of what was late."""

    def __init__(self, folders: Folders, outcome: Outcome) -> None:
        self._folders = folders
        self._outcome = outcome
        self._late: dict[tuple[Folder, str], LateFile] = {}

    def run(self, lines: Iterable[Lines]) -> None:
        """Adds what can be added as it comes, then replaces the files of what was late."""
        for one in lines:
            try:
                folder = self._folders.of(one)
            except OSError as error:
                self._outcome.failed(one, zip(one.files, one.texts, strict=True), error, Path(error.filename))
            except (ValueError, OverflowError) as error:
                self._outcome.refused(one, one.files, error)
            else:
                self._add(folder, one)
        late = iter(self._late.values())
        while batch := list(islice(late, _FILES_AT_ONCE)):
            self._replace(batch)

    def _add(self, folder: Folder, lines: Lines) -> None:
        minute, written = lines.minute % MINUTES, 0
        for file, text in zip(lines.files, lines.texts, strict=True):
            try:
                if minute > self._folders.last(folder, file):
                    folder.append(file, minute, text)
                    written += 1
                else:
                    self._late.setdefault((folder, file), LateFile(folder, file)).set(lines, text)
            except OSError as error:
                self._outcome.failed(lines, [(file, text)], error, folder.path / file)
            except ValueError as error:
                self._outcome.refused(lines, [file], error)
        self._outcome.report.written += written

    def _replace(self, batch: Iterable[LateFile]) -> None:
        files = list(self._read(batch))
        merged = iter(merge_groups([parts for file in files for parts in file.changed.values()]))
        for file in files:
            self._replace_one(file, zip(file.changed, merged, strict=False))

    def _read(self, batch: Iterable[LateFile]) -> Iterator[LateFile]:
        for file in batch:
            try:
                self._folders.open(file.folder)
                content = file.folder.content(file.name)
            except OSError as error:
                self._failed(file, error)
            else:
                for damaged in file.load(content):
                    self._outcome.cut(file.path, damaged)
                yield file

    def _replace_one(self, file: LateFile, merged: Iterable[tuple[int, Aggregate]]) -> None:
        folder, lines = file.folder, file.lines
        lines.update((minute, format_line(minute, aggregate)) for minute, aggregate in merged)
        try:
            self._folders.open(folder)
            replace_in(folder.descriptor, file.name, b"".join(lines[minute] for minute in sorted(lines)))
        except OSError as error:
            self._failed(file, error)
            return
        folder.last[file.name] = max(lines)
        self._outcome.report.written += len(file.texts)
        self._outcome.report.late += len(file.texts)

    def _failed(self, file: LateFile, error: OSError) -> None:
        for lines, text in file.texts.values():
            self._outcome.failed(lines, [(file.name, text)], error, file.path)
