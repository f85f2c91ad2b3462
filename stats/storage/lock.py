"""A folder that belongs to one process at a time."""

import fcntl
import os
from pathlib import Path

from stats.storage.failures import StorageError


def lock(folder: Path, what: str) -> int:
    """Takes the folder until the descriptor that is returned is closed, or the process ends in whatever way.

    Raises StorageError where another process has it; `what` says what that is for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StorageError(
            error.errno, f"Another process owns {what} in {folder.parent.parent}.", str(folder)
        ) from error
    return descriptor
