"""The folders of `.prt` files that are written to, open, and the last minute of each file in them.

What a crash may have torn is cut off when a file is touched for the first time, before anything is added. So each file
is looked at once, and a file that was not there when its folder was opened is not looked at at all.
"""

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from stats.storage import paths
from stats.storage.lines import Lines
from stats.storage.prt import MINUTES, parse_line
from stats.storage.prt_outcome import Outcome

EMPTY = -1  # before every minute of a day: the file is empty or not there
REWRITE = MINUTES  # after every minute of a day: the file needs to be rewritten before anything can be added
_CLOSED = -1  # instead of a descriptor
_EPOCH = date(1970, 1, 1).toordinal()
_OPEN_FOLDERS = 64
_TAIL = 4096  # bytes; normally holds the last line and what may be torn after it
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT


@dataclass(eq=False)
class Folder:
    """A process's folder of one day. `last`: file name → last minute of the day in the file. `untouched`: files that
    were there when it was opened for the first time, or have failed, and have not been looked at since."""

    path: Path
    descriptor: int = _CLOSED
    last: dict[str, int] = field(default_factory=dict)
    untouched: set[str] | None = None

    def append(self, file: str, minute: int, text: bytes) -> None:
        """Adds the line of `minute` wholly, or not at all and raises OSError."""
        descriptor = os.open(file, _APPEND, 0o644, dir_fd=self.descriptor)
        try:
            _write_whole(descriptor, text)
            self.last[file] = minute
        except OSError:
            self._forget(file)
            raise
        finally:
            os.close(descriptor)

    def _forget(self, file: str) -> None:
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


Days = dict[int, dict[tuple[int, str], Folder]]  # day since the epoch → account and process → folder


class Folders:
    """The folders of one call below `root`, some of them open; `days` are those that are known from calls before."""

    def __init__(self, root: Path, days: Days, outcome: Outcome) -> None:
        self._root = root
        self._days = days
        self._outcome = outcome
        self._seen: set[int] = set()
        self._open: list[Folder] = []

    def close(self) -> Days:
        """Closes the folders; returns those worth remembering, which are those of the days that lines were of."""
        self._close_folders()
        return {day: folders for day, folders in self._days.items() if day in self._seen} or self._days

    def of(self, lines: Lines) -> Folder:
        """The process's folder of that day, open. Raises OSError, ValueError or OverflowError."""
        day = lines.minute // MINUTES
        folders = self._days.get(day)
        if folders is None:
            folders = self._days[day] = {}
        folder = folders.get((lines.account, lines.process))
        if folder is None:
            path = paths.process_dir(self._root, lines.account, date.fromordinal(_EPOCH + day), lines.process)
            folder = folders[lines.account, lines.process] = Folder(path)
        if folder.descriptor == _CLOSED:
            self._seen.add(day)
            self.open(folder)
        return folder

    def open(self, folder: Folder) -> None:
        """Makes sure that the folder is open: only some are at a time."""
        if folder.descriptor != _CLOSED:
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
            folder.descriptor = _CLOSED
        self._open.clear()

    def last(self, folder: Folder, file: str) -> int:
        """The last minute in the file, once what may be torn after it is cut off. Raises OSError, BadNameError."""
        last = folder.last.get(file)
        if last is None:
            last = folder.last[file] = self._first_touch(folder, file)
        return last

    def _first_touch(self, folder: Folder, file: str) -> int:
        if paths.stat_of(file) is None:
            raise paths.BadNameError("stat", file)
        if folder.untouched is not None and file not in folder.untouched:
            return EMPTY
        try:
            descriptor = os.open(file, os.O_RDWR, dir_fd=folder.descriptor)
        except FileNotFoundError:
            return EMPTY
        try:
            line, torn = _last_line(descriptor)
            if torn:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(torn))
                self._outcome.cut(folder.path / file, torn)
        finally:
            os.close(descriptor)
        if folder.untouched is not None:
            folder.untouched.discard(file)
        if not line:
            return EMPTY
        parsed = parse_line(line)
        return REWRITE if parsed is None else parsed[0]


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
