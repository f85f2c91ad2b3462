"""Files that are replaced whole, never half."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from stats.storage.failures import failure
from stats.storage.paths import UNFINISHED


def replace(path: Path, *pieces: bytes, durable: bool = False) -> None:
    """Puts `pieces`, joined, in the place of the file `path`; whoever reads sees all of the old or all of the new.

    Folders are made as needed. `durable`: returns only when both the file and its name would survive a power cut.
    Raises StorageError, and then the old file stands as it was. Two must not replace the same file at once.
    """
    try:
        folder = _opened(path.parent)
        try:
            replace_in(folder, path.name, *pieces, durable=durable)
        finally:
            os.close(folder)
    except OSError as error:
        raise failure(error, str(path)) from error


def replace_in(folder: int, name: str, *pieces: bytes, durable: bool = False) -> None:
    """As `replace`, for the file `name` in the open directory `folder`. Raises the plain OSError."""
    unfinished = UNFINISHED + name
    try:
        _write(folder, unfinished, pieces, durable)
        os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):  # it may not exist; what stays is overwritten the next time
            os.unlink(unfinished, dir_fd=folder)
        raise
    if durable:
        os.fsync(folder)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        path.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


def _write(folder: int, name: str, pieces: Iterable[bytes], durable: bool) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=folder)
    try:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(file, view) :]
        if durable:
            os.fsync(file)
    finally:
        os.close(file)
