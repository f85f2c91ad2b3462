"""What can go wrong when files are written, with the facts in attributes."""

import errno

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class StorageError(OSError):
    """A file could not be written. `errno`, `strerror` and `filename` say why and which, as in any OSError."""

    @property
    def full(self) -> bool:
        """Whether the disk, a quota or a limit on file sizes is reached: nothing fits until somebody makes room."""
        return self.errno in _FULL


def failure(cause: OSError, path: str) -> StorageError:
    """The error to raise for `cause`, which happened to the file `path`."""
    return StorageError(cause.errno, cause.strerror or str(cause), path)
