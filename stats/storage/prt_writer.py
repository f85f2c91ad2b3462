"""Puts finished minutes into `.prt` files.

The common case is a minute later than all in its file: one line is added with one write. A minute that the file has
already, or that is earlier than its last one (a late commit, a clock that stepped back), is merged with what is there
first (`merged`), and the file then replaced whole (`write`). The two are apart so that in between the outcome can be
written down (`stats.storage.plan`): to write it twice is to write it once. What a crash may have torn is cut off when a
file is touched for the first time, before anything is added.
"""

import logging
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, repeat
from pathlib import Path
from typing import NamedTuple

from stats.aggregation.groups import merge_groups
from stats.aggregation.partial import Aggregate
from stats.storage import paths
from stats.storage.failures import StorageError, failure, is_passing
from stats.storage.lines import Lines
from stats.storage.prt import MINUTES, format_line, parse_line
from stats.storage.replace import replace_in

logger = logging.getLogger("dattss.storage")

_EPOCH = date(1970, 1, 1).toordinal()
_NONE = -1  # before every minute of a day: the file is empty or not there
_REWRITE = MINUTES  # after every minute of a day: the file needs to be rewritten before anything can be added
_OPEN_FOLDERS = 64
_FILES_AT_ONCE = 1024  # rewritten files whose content is in memory together: their merges are calculated at once
_TAIL = 4096  # bytes; normally holds the last line and what may be torn after it
_MINUTE_OF = {b"%02d:%02d," % divmod(minute, 60): minute for minute in range(MINUTES)}
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT


@dataclass
class WriteReport:
    """What a write did. `written` lines are in their files; for `late` of them a file had to be replaced. `cut` torn or
    unreadable lines were removed from files. `refused` lines can never be written (a bad name); each is in the log.
    """

    written: int = 0
    late: int = 0
    cut: int = 0
    refused: int = 0


class Merged(NamedTuple):
    """Lines that are ready to be written; `cut` and `refused` as in WriteReport. `unread` are those whose file cannot
    be read, and `causes` say why: they may not be written, but are to be merged another time."""

    lines: list[Lines]
    cut: int
    refused: int
    unread: list[Lines]
    causes: list[StorageError]


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


@dataclass(eq=False)
class _Folder:
    """A process's folder of one day. `last`: file name → last minute of the day in the file. `untouched`: files that
    were there when it was opened for the first time, or have failed, and have not been looked at since."""

    path: Path
    descriptor: int = _NONE
    last: dict[str, int] = field(default_factory=dict)
    untouched: set[str] | None = None

    def append(self, file: str, minute: int, text: bytes) -> None:
        """Adds the line of `minute` wholly, or not at all and raises OSError."""
        descriptor = os.open(file, _APPEND, 0o644, dir_fd=self.descriptor)
        try:
            _write_whole(descriptor, text)
            self.last[file] = minute
        except OSError:
            self.forget(file)
            raise
        finally:
            os.close(descriptor)

    def forget(self, file: str) -> None:
        """The file is looked at again before anything is added to it."""
        self.last.pop(file, None)
        self.untouched = {*(self.untouched or ()), file}

    def content(self, file: str) -> bytes:
        """What the file holds; nothing where there is no file."""
        try:
            with open(file, "rb", opener=lambda name, flags: os.open(name, flags, dir_fd=self.descriptor)) as stream:
                return stream.read()
        except FileNotFoundError:
            return b""


class Writer:
    """Writes lines below `root`. It must be the only one that writes there, but for accounts that it is told to
    `forget` before it writes of them again; its calls may come from several threads.

    It remembers the last minute of each file that it wrote to (about 200 bytes a stat), for the days of the latest
    call.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._days: dict[int, dict[tuple[int, str], _Folder]] = {}

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
        with self._lock:
            flush = _Flush(self._root, self._days)
            try:
                ready = _Merge(flush).run(lines)
                causes = list(flush.causes.values())
                return Merged(ready, flush.report.cut, flush.report.refused, flush.unwritten, causes)
            finally:
                self._days = flush.close()

    def write(self, lines: Iterable[Lines]) -> WriteReport:
        """Sets the lines in their files; fastest when those of a process come together.

        Done twice it changes nothing. What fails does not keep others from being written; FlushError tells which lines
        are left.
        """
        with self._lock:
            flush = _Flush(self._root, self._days)
            try:
                _Write(flush).run(lines)
            finally:
                self._days = flush.close()
        if flush.causes:
            raise FlushError(list(flush.causes.values()), flush.unwritten, flush.report) from None
        return flush.report


class _Flush:
    """One call of a Writer: the folders that it has open, and what became of the lines."""

    def __init__(self, root: Path, days: dict[int, dict[tuple[int, str], _Folder]]) -> None:
        self.report = WriteReport()
        self.unwritten: list[Lines] = []
        self.causes: dict[str, StorageError] = {}
        self._root = root
        self._days = days
        self._seen: set[int] = set()
        self._open: list[_Folder] = []

    def close(self) -> dict[int, dict[tuple[int, str], _Folder]]:
        """Closes the folders; returns those worth remembering, which are those of the days that lines were of."""
        self._close_folders()
        return {day: folders for day, folders in self._days.items() if day in self._seen} or self._days

    def refuse(self, lines: Lines, files: list[str], error: Exception) -> None:
        """These files' lines can never be written."""
        self.report.refused += len(files)
        logger.warning("a minute was refused: %s", error, extra={"where": lines.where, "files": files})

    def failed(self, lines: Lines, files: Iterable[tuple[str, bytes]], error: OSError, path: Path) -> None:
        """These files' lines are not written this time."""
        self.causes.setdefault(str(path), failure(error, str(path)))
        if not self.unwritten or self.unwritten[-1].where != lines.where:
            self.unwritten.append(Lines(*lines.where))
        for file, text in files:
            self.unwritten[-1].add(file, text)

    # --- folders ------------------------------------------------------------------------------------------------------
    def folder(self, lines: Lines) -> _Folder:
        """The process's folder of that day, open. Raises OSError, ValueError or OverflowError."""
        day = lines.minute // MINUTES
        folders = self._days.get(day)
        if folders is None:
            folders = self._days[day] = {}
        folder = folders.get((lines.account, lines.process))
        if folder is None:
            path = paths.process_dir(self._root, lines.account, date.fromordinal(_EPOCH + day), lines.process)
            folder = folders[lines.account, lines.process] = _Folder(path)
        if folder.descriptor == _NONE:
            self._seen.add(day)
            self.open(folder)
        return folder

    def open(self, folder: _Folder) -> None:
        """Makes sure that the folder is open: only some are at a time."""
        if folder.descriptor != _NONE:
            return
        if len(self._open) >= _OPEN_FOLDERS:
            self._close_folders()
        try:
            folder.descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            folder.last.clear()  # it is new, or somebody removed it
            folder.untouched = None
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY)
        self._open.append(folder)
        if folder.untouched is None:
            folder.untouched = set(os.listdir(folder.path))  # by its path, which an error names then

    def _close_folders(self) -> None:
        for folder in self._open:
            os.close(folder.descriptor)
            folder.descriptor = _NONE
        self._open.clear()

    # --- the first touch of a file ------------------------------------------------------------------------------------
    def last(self, folder: _Folder, file: str) -> int:
        """The last minute in the file, once what may be torn after it is cut off. Raises OSError, BadNameError."""
        last = folder.last.get(file)
        if last is None:
            last = folder.last[file] = self._first_touch(folder, file)
        return last

    def _first_touch(self, folder: _Folder, file: str) -> int:
        if paths.stat_of(file) is None:
            raise paths.BadNameError("stat", file)
        if folder.untouched is not None and file not in folder.untouched:
            return _NONE
        try:
            descriptor = os.open(file, os.O_RDWR, dir_fd=folder.descriptor)
        except FileNotFoundError:
            return _NONE
        try:
            line, torn = _last_line(descriptor)
            if torn:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(torn))
                self.cut(folder, file, torn)
        finally:
            os.close(descriptor)
        if folder.untouched is not None:
            folder.untouched.discard(file)
        if not line:
            return _NONE
        parsed = parse_line(line)
        return _REWRITE if parsed is None else parsed[0]

    def cut(self, folder: _Folder, file: str, line: bytes) -> None:
        """A damaged line is removed."""
        self.report.cut += 1
        logger.warning("cut a damaged line from %s/%s: %r", folder.path, file, line[:120])


# --- what lines become ------------------------------------------------------------------------------------------------
class _Merge:
    """One call of `Writer.merged`. Nearly all lines are of a minute that their file does not have: they stay as they
    are. The others become groups: `_groups` all of them, `_wanted` those for which a file has to be read."""

    def __init__(self, flush: _Flush) -> None:
        self._flush = flush
        self._groups: list[_Group] = []
        self._wanted: defaultdict[tuple[_Folder, str], list[_Group]] = defaultdict(list)

    def run(self, lines: Iterable[Lines]) -> list[Lines]:
        """What the lines become: those that stay as they are, and those that were merged."""
        minutes: dict[tuple[int, str, int], list[Lines]] = {}
        for one in lines:
            minutes.setdefault(one.where, []).append(one)
        ready = [self._minute(_joined(same)) for same in minutes.values()]
        for (folder, file), groups in self._wanted.items():
            self._read(folder, file, groups)
        self._merge([group for group in self._groups if len(group.texts) > 1])
        for group in self._groups:
            if group.texts:
                group.lines.add(group.file, group.texts[0])
        return [one for one in ready if one.files]

    def _minute(self, lines: Lines) -> Lines:
        """The lines of a process's minute that stay as they are; what becomes of the others is added to them later."""
        try:
            folder = self._flush.folder(lines)
        except OSError as error:
            self._unread(lines, zip(lines.files, lines.texts, strict=True), error, Path(error.filename))
            return Lines(*lines.where)
        except (ValueError, OverflowError) as error:
            self._flush.refuse(lines, lines.files, error)
            return Lines(*lines.where)
        latest = max(map(folder.last.get, lines.files, _UNKNOWN if folder.untouched else _NEW))
        if lines.minute % MINUTES > latest and len(set(lines.files)) == len(lines.files):
            return lines
        return self._grouped(folder, lines)

    def _grouped(self, folder: _Folder, lines: Lines) -> Lines:
        found: dict[str, _Group] = {}
        kept = Lines(*lines.where)
        for file, text in zip(lines.files, lines.texts, strict=True):
            if file in found:
                found[file].texts.append(text)
                continue
            try:
                last = self._flush.last(folder, file)
            except OSError as error:
                self._unread(lines, [(file, text)], error, folder.path / file)
                continue
            except ValueError as error:
                self._flush.refuse(lines, [file], error)
                continue
            group = found[file] = _Group(kept, file, [text])
            if lines.minute % MINUTES <= last:
                self._wanted[folder, file].append(group)
        self._groups += found.values()
        return kept

    def _read(self, folder: _Folder, file: str, groups: list["_Group"]) -> None:
        """Puts what the file has of a minute before the other texts of that minute."""
        try:
            self._flush.open(folder)
            content = folder.content(file)
        except OSError as error:
            for group in groups:
                self._unread(group.lines, [(file, text) for text in group.texts], error, folder.path / file)
                group.texts.clear()
            return
        there: defaultdict[int | None, list[bytes]] = defaultdict(list)
        for line in content.split(b"\n")[:-1]:
            there[_MINUTE_OF.get(line[:6])].append(line + b"\n")
        for group in groups:
            group.texts[:0] = filter(_is_sound, there[group.lines.minute % MINUTES])

    def _unread(self, lines: Lines, files: Iterable[tuple[str, bytes]], error: OSError, path: Path) -> None:
        """What there is cannot be read, and these files' lines would take its place: they wait. Where the error says
        nothing of the file it is raised again."""
        if is_passing(error) or failure(error, str(path)).full:
            raise error
        self._flush.failed(lines, files, error, path)

    @staticmethod
    def _merge(groups: list["_Group"]) -> None:
        parts = [[parsed[1] for text in group.texts if (parsed := parse_line(text[:-1]))] for group in groups]
        for group, merged in zip(groups, merge_groups(parts), strict=True):
            group.texts = [format_line(group.lines.minute % MINUTES, merged)]


@dataclass(eq=False)
class _Group:
    """Texts of the same minute and file, in order; what they become is added to `lines`."""

    lines: Lines
    file: str
    texts: list[bytes]


_UNKNOWN, _NEW = repeat(_REWRITE), repeat(_NONE)  # the last minute of files that were not looked at yet


def _joined(lines: list[Lines]) -> Lines:
    """The lines of one process's minute in one; files may occur again."""
    first, *others = lines
    if not others:
        return first
    joined = Lines(*first.where)
    for one in lines:
        joined.files += one.files
        joined.texts += one.texts
    return joined


def _is_sound(text: bytes) -> bool:
    return parse_line(text[:-1]) is not None


# --- writing them -----------------------------------------------------------------------------------------------------
class _Write:
    """One call of `Writer.write`: adds what can be added as it comes, then replaces the files of what was late."""

    def __init__(self, flush: _Flush) -> None:
        self._flush = flush
        self._late: dict[tuple[_Folder, str], _LateFile] = {}

    def run(self, lines: Iterable[Lines]) -> None:
        """Adds what can be added as it comes, then replaces the files of what was late."""
        for one in lines:
            try:
                folder = self._flush.folder(one)
            except OSError as error:
                self._flush.failed(one, zip(one.files, one.texts, strict=True), error, Path(error.filename))
            except (ValueError, OverflowError) as error:
                self._flush.refuse(one, one.files, error)
            else:
                self._add(folder, one)
        late = iter(self._late.values())
        while batch := list(islice(late, _FILES_AT_ONCE)):
            self._replace(batch)

    def _add(self, folder: _Folder, lines: Lines) -> None:
        minute, written = lines.minute % MINUTES, 0
        for file, text in zip(lines.files, lines.texts, strict=True):
            try:
                if minute > self._flush.last(folder, file):
                    folder.append(file, minute, text)
                    written += 1
                else:
                    self._late.setdefault((folder, file), _LateFile(folder, file)).set(lines, text)
            except OSError as error:
                self._flush.failed(lines, [(file, text)], error, folder.path / file)
            except ValueError as error:
                self._flush.refuse(lines, [file], error)
        self._flush.report.written += written

    # --- replacing ----------------------------------------------------------------------------------------------------
    def _replace(self, batch: Iterable["_LateFile"]) -> None:
        files = list(self._read(batch))
        merged = iter(merge_groups([parts for file in files for parts in file.changed.values()]))
        for file in files:
            self._replace_one(file, zip(file.changed, merged, strict=False))

    def _read(self, batch: Iterable["_LateFile"]) -> Iterator["_LateFile"]:
        for file in batch:
            try:
                self._flush.open(file.folder)
                content = file.folder.content(file.name)
            except OSError as error:
                self._failed(file, error)
            else:
                for damaged in file.load(content):
                    self._flush.cut(file.folder, file.name, damaged)
                yield file

    def _replace_one(self, file: "_LateFile", merged: Iterable[tuple[int, Aggregate]]) -> None:
        folder, lines = file.folder, file.lines
        lines.update((minute, format_line(minute, aggregate)) for minute, aggregate in merged)
        try:
            self._flush.open(folder)
            replace_in(folder.descriptor, file.name, b"".join(lines[minute] for minute in sorted(lines)))
        except OSError as error:
            self._failed(file, error)
            return
        folder.last[file.name] = max(lines)
        self._flush.report.written += len(file.texts)
        self._flush.report.late += len(file.texts)

    def _failed(self, file: "_LateFile", error: OSError) -> None:
        for lines, text in file.texts.values():
            self._flush.failed(lines, [(file.name, text)], error, file.folder.path / file.name)


@dataclass(eq=False)
class _LateFile:
    """A file that is replaced. `texts`: minute of the day → what becomes its line, and among which lines it came;
    `lines`: minute → line; `changed`: minute → what has to be merged to become its line."""

    folder: _Folder
    name: str
    texts: dict[int, tuple[Lines, bytes]] = field(default_factory=dict)
    lines: dict[int, bytes] = field(default_factory=dict)
    changed: dict[int, list[Aggregate]] = field(default_factory=dict)

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
            minute = _MINUTE_OF.get(line[:6])
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
