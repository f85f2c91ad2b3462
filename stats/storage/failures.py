"""What can go wrong when files are written, with the facts in attributes."""

import errno

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_PASSING = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR))


class StorageError(OSError):
    """A file could not be written. `errno`, `strerror` and `filename` say why and which, as in any OSError."""

    @property
    def full(self) -> bool:
        """Whether the disk, a quota or a limit on file sizes is reached: nothing fits until somebody makes room."""
        return self.errno in _FULL


def is_passing(cause: OSError) -> bool:
    """Whether it says nothing of the file: the process or the machine has run short of something else for a moment."""
    return cause.errno in _PASSING


def failure(cause: OSError, path: str) -> StorageError:
    """The error to raise for `cause`, which happened to the file `path`."""
    return StorageError(cause.errno, cause.strerror or str(cause), path)
