"""Puts finished minutes into `.prt` files.

The common case is a minute later than all in its file: one line is added with one write. A minute that the file has
already, or that is earlier than its last one (a late commit, a clock that stepped back), is merged with what is there
first (`merged`), and the file then replaced whole (`write`). The two are apart so that in between the outcome can be
written down (`stats.storage.plan`): to write it twice is to write it once. What a crash may
have torn is cut off when a file is touched for the first time, before anything is added.
"""

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate, Kind, MinuteRow
from stats.storage import paths
from stats.storage.failures import StorageError, failure
from stats.storage.prt import MINUTES, format_line, parse_line
from stats.storage.replace import replace_in

logger = logging.getLogger("dattss.storage")

_EPOCH = date(1970, 1, 1).toordinal()
_NONE = -1  # before every minute of a day: the file is empty or not there
_REWRITE = MINUTES  # after every minute of a day: the file needs to be rewritten before anything can be added
_OPEN_FOLDERS = 64
_FILES_AT_ONCE = (
    1024  # rewritten files whose content is in memory together, so that their merges are calculated at once
)
_TAIL = 4096  # bytes; normally holds the last line and what may be torn after it
_MINUTE_OF = {b"%02d:%02d," % divmod(minute, 60): minute for minute in range(MINUTES)}


@dataclass
class WriteReport:
    """What a write did. `written` rows are in their files; `late` of them had to be merged into the middle or the
    end of a file. `cut` torn or unreadable lines were removed from files. `refused` rows can never be
    written (a bad name, not a number); each is in the log.
    """

    written: int = 0
    late: int = 0
    cut: int = 0
    refused: int = 0


class Merged(NamedTuple):
    """Rows that are ready to be written; `cut` and `refused` as in WriteReport."""

    rows: list[MinuteRow]
    cut: int
    refused: int


class FlushError(StorageError):
    """Some rows could not be written: exactly `unwritten`, in the order in which they came. `report` has the rest.

    `errno`, `strerror`, `filename` and `full` are those of the first failure. Writing `unwritten` again, and only that,
    completes the flush with nothing twice.
    """

    def __init__(self, cause: StorageError, unwritten: list[MinuteRow], report: WriteReport) -> None:
        super().__init__(cause.errno, cause.strerror, cause.filename)
        self.unwritten = unwritten
        self.report = report


@dataclass(eq=False)
class _Folder:
    """A process's folder of one day. `last`: file name → last minute of the day in the file."""

    path: Path
    descriptor: int = _NONE
    last: dict[str, int] = field(default_factory=dict)

    def append(self, file: str, minute: int, line: bytes) -> None:
        """Adds the line of `minute` wholly, or not at all and raises OSError."""
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644, dir_fd=self.descriptor)
        try:
            _write_whole(descriptor, line)
            self.last[file] = minute
        except OSError:
            self.last.pop(file, None)  # look at the file again before anything is added to it
            raise
        finally:
            os.close(descriptor)

    def content(self, file: str) -> bytes:
        """What the file holds; nothing where there is no file."""
        try:
            with open(file, "rb", opener=lambda name, flags: os.open(name, flags, dir_fd=self.descriptor)) as stream:
                return stream.read()
        except FileNotFoundError:
            return b""


class Writer:
    """Writes rows below `root`. It must be the only one that writes there; its calls may come from several threads.

    It remembers the last minute of each file that it wrote to (about 200 bytes a stat), for the days of the latest
    call.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._days: dict[int, dict[tuple[int, str], _Folder]] = {}

    def merged(self, rows: Iterable[MinuteRow]) -> Merged:
        """What the lines of these minutes become: rows of the same minute are merged, in the order in which they come,
        after what its file has already. Nothing is written, but torn lines are cut off."""
        with self._lock:
            flush = _Flush(self._days)
            try:
                return Merged(flush.merged(rows, self._root), flush.report.cut, flush.report.refused)
            finally:
                self._days = flush.close()

    def write(self, rows: Iterable[MinuteRow]) -> WriteReport:
        """Sets the line of each row in the file of its stat and UTC day; fastest when rows of a process come together.

        Done twice it changes nothing. A row that fails does not keep others from being written; FlushError tells which
        are left.
        """
        with self._lock:
            flush = _Flush(self._days)
            try:
                flush.run(rows, self._root)
            finally:
                self._days = flush.close()
        if flush.failure is not None:
            raise FlushError(flush.failure, flush.unwritten, flush.report) from flush.failure
        return flush.report


class _Flush:
    """One call of `Writer.write`."""

    def __init__(self, days: dict[int, dict[tuple[int, str], _Folder]]) -> None:
        self.report = WriteReport()
        self.unwritten: list[MinuteRow] = []
        self.failure: StorageError | None = None
        self._days = days
        self._seen: set[int] = set()
        self._open: list[_Folder] = []
        self._late: dict[tuple[_Folder, str], list[MinuteRow]] = {}

    def run(self, rows: Iterable[MinuteRow], root: Path) -> None:
        """Adds what can be added as it comes, then rewrites the files of what was late."""
        for row in rows:
            minute = row.minute % MINUTES
            try:
                folder, file, last = self._place(row, root)
                line = format_line(minute, row.aggregate)
                if minute > last:
                    folder.append(file, minute, line)
                    self.report.written += 1
                else:
                    self._late.setdefault((folder, file), []).append(row)
            except OSError as error:
                self._failed([row], failure(error, str(root / str(row.account) / row.process / row.name)))
            except (ValueError, OverflowError) as error:
                self._refuse(row, error)
        self._rewrite_late()

    def merged(self, rows: Iterable[MinuteRow], root: Path) -> list[MinuteRow]:
        """The rows, those of the same minute merged with each other and with what its file has."""
        groups: dict[tuple[int, str, Kind, str, int], list[MinuteRow]] = {}
        several: dict[tuple[_Folder, str], list[list[MinuteRow]]] = {}
        for row in rows:
            try:
                folder, file, last = self._place(row, root)
            except OSError:
                last = _NONE  # writing it will fail as well, and tell
            except (ValueError, OverflowError) as error:
                self._refuse(row, error)
                continue
            group = groups.setdefault(row[:5], [])
            group.append(row)
            if len(group) == 1 and row.minute % MINUTES <= last:
                several.setdefault((folder, file), []).append(group)
        for (folder, file), late in several.items():
            self._put_before(folder, file, late)
        alone = [group[0] for group in groups.values() if len(group) == 1]
        together = [group for group in groups.values() if len(group) > 1]
        merged = merge_groups([[row.aggregate for row in group] for group in together])
        return alone + [group[0]._replace(aggregate=one) for group, one in zip(together, merged, strict=True)]

    def _put_before(self, folder: _Folder, file: str, groups: list[list[MinuteRow]]) -> None:
        """Puts what the file has of a minute before the rows of that minute."""
        if folder.descriptor == _NONE:
            self._open_folder(folder)
        lines: dict[int, list[Aggregate]] = {}
        for line in folder.content(file).split(b"\n"):
            if line[:6] in _MINUTE_OF and (parsed := parse_line(line)) is not None:
                lines.setdefault(parsed[0], []).append(parsed[1])
        for group in groups:
            first = group[0]
            group[:0] = [first._replace(aggregate=one) for one in lines.get(first.minute % MINUTES, ())]

    def _place(self, row: MinuteRow, root: Path) -> tuple[_Folder, str, int]:
        """The folder and the name of a row's file, and the last minute in it."""
        folder = self._folder(root, row.minute // MINUTES, row.account, row.process)
        file = f"{row.kind}_{row.name}.prt"
        last = folder.last.get(file)
        if last is None:
            last = folder.last[file] = self._first_touch(folder, paths.prt_name(row.kind, row.name))
        return folder, file, last

    def _refuse(self, row: MinuteRow, error: Exception) -> None:
        self.report.refused += 1
        logger.warning("a minute was refused: %s", error, extra={"row": row[:5]})

    def close(self) -> dict[int, dict[tuple[int, str], _Folder]]:
        """Closes the folders; returns those worth remembering, which are those of the days that rows were of."""
        self._close_folders()
        return {day: folders for day, folders in self._days.items() if day in self._seen} or self._days

    def _failed(self, rows: list[MinuteRow], error: StorageError) -> None:
        self.unwritten.extend(rows)
        if self.failure is None:
            self.failure = error

    # --- folders ------------------------------------------------------------------------------------------------------
    def _folder(self, root: Path, day: int, account: int, process: str) -> _Folder:
        """The process's folder of that day, open."""
        folders = self._days.get(day)
        if folders is None:
            folders = self._days[day] = {}
        folder = folders.get((account, process))
        if folder is None:
            path = paths.process_dir(root, account, date.fromordinal(_EPOCH + day), process)
            folder = folders[account, process] = _Folder(path)
        if folder.descriptor == _NONE:
            self._seen.add(day)
            self._open_folder(folder)
        return folder

    def _open_folder(self, folder: _Folder) -> None:
        if len(self._open) >= _OPEN_FOLDERS:
            self._close_folders()
        try:
            folder.descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            folder.last.clear()  # it is new, or somebody removed it
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
        self._open.append(folder)

    def _close_folders(self) -> None:
        for folder in self._open:
            os.close(folder.descriptor)
            folder.descriptor = _NONE
        self._open.clear()

    # --- the first touch of a file ------------------------------------------------------------------------------------
    def _first_touch(self, folder: _Folder, file: str) -> int:
        """The last minute in the file, once what may be torn after it is cut off."""
        try:
            descriptor = os.open(file, os.O_RDWR, dir_fd=folder.descriptor)
        except FileNotFoundError:
            return _NONE
        try:
            line, torn = _last_line(descriptor)
            if torn:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(torn))
                self._cut(folder, file, torn)
        finally:
            os.close(descriptor)
        if not line:
            return _NONE
        parsed = parse_line(line)
        return _REWRITE if parsed is None else parsed[0]

    def _cut(self, folder: _Folder, file: str, line: bytes) -> None:
        self.report.cut += 1
        logger.warning("cut a damaged line from %s/%s: %r", folder.path, file, line[:120])

    # --- rewriting ----------------------------------------------------------------------------------------------------
    def _rewrite_late(self) -> None:
        late = iter(self._late.items())
        while batch := list(islice(late, _FILES_AT_ONCE)):
            files = list(self._read(batch))
            merged = iter(merge_groups([parts for file in files for parts in file.changed.values()]))
            for file in files:
                self._rewrite(file, zip(file.changed, merged, strict=False))

    def _read(self, batch: Iterable[tuple[tuple[_Folder, str], list[MinuteRow]]]) -> Iterator["_LateFile"]:
        for (folder, name), rows in batch:
            try:
                if folder.descriptor == _NONE:
                    self._open_folder(folder)
                content = folder.content(name)
            except OSError as error:
                self._failed(rows, failure(error, str(folder.path / name)))
            else:
                file = _LateFile(folder, name, rows)
                for damaged in file.load(content):
                    self._cut(folder, name, damaged)
                yield file

    def _rewrite(self, file: "_LateFile", merged: Iterable[tuple[int, Aggregate]]) -> None:
        folder, lines = file.folder, file.lines
        lines.update((minute, format_line(minute, aggregate)) for minute, aggregate in merged)
        try:
            if folder.descriptor == _NONE:
                self._open_folder(folder)
            content = b"".join(lines[minute] for minute in sorted(lines))
            replace_in(folder.descriptor, file.name, content)
        except OSError as error:
            self._failed(file.rows, failure(error, str(folder.path / file.name)))
            return
        folder.last[file.name] = max(lines)
        self.report.written += len(file.rows)
        self.report.late += len(file.rows)


@dataclass(eq=False)
class _LateFile:
    """A file that is rewritten because of `rows`. `lines`: minute → line; `changed`: minute → what becomes its line."""

    folder: _Folder
    name: str
    rows: list[MinuteRow]
    lines: dict[int, bytes] = field(default_factory=dict)
    changed: dict[int, list[Aggregate]] = field(default_factory=dict)

    def load(self, content: bytes) -> Iterator[bytes]:
        """Sorts the file's content and the rows into `lines` and `changed`; gives the lines that are damaged.

        A line that nothing touches is not parsed but kept as it is; the last one is, since what follows relies on it.
        """
        replaced = {row.minute % MINUTES for row in self.rows}
        touched: set[int] = set()
        doubtful: list[tuple[int, bytes]] = []
        body, _, torn = content.rpartition(b"\n")
        if torn:
            yield torn
        for line in body.split(b"\n") if body else ():
            minute = _MINUTE_OF.get(line[:6])
            if minute is None:
                yield line
                continue
            if minute in replaced:
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
        for row in self.rows:
            self.changed[row.minute % MINUTES] = [row.aggregate]

    def _pop(self, minute: int) -> tuple[int, bytes]:
        return minute, self.lines.pop(minute).rstrip(b"\n")

    def _parse(self, doubtful: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        for minute, line in doubtful:
            parsed = parse_line(line)
            if parsed is None:
                yield line
            else:
                self.changed.setdefault(minute, []).append(parsed[1])


def _write_whole(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    if written == len(line):
        return
    try:  # the next attempt tells why this one ended early, or completes it
        while written < len(line):
            written += os.write(descriptor, line[written:])
    except OSError:
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
        raise


def _last_line(descriptor: int) -> tuple[bytes, bytes]:
    """The file's last whole line without its newline, and what follows it."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
    if size > _TAIL and tail.count(b"\n") < 2:
        tail = os.pread(descriptor, size, 0)
    body, _, torn = tail.rpartition(b"\n")
    return body.rpartition(b"\n")[2], torn
