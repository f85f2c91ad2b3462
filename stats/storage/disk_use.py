"""How much of the disk an account takes."""

import os
from dataclasses import dataclass
from pathlib import Path

from stats.storage.paths import PACK, account_dir

_BLOCK = 512  # bytes: what `st_blocks` counts in, POSIX


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes of the disk, in whole blocks as `du` counts them: plain files and folders, and packed days."""

    plain: int = 0
    packed: int = 0


def disk_use(root: Path, account: int) -> DiskUse:
    """What the files of an account take; nothing where it has none. Looks at each file, so call it in a thread.

    Files that go while they are counted are left out.
    """
    plain = packed = 0
    folders = [str(account_dir(root, account))]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    size = entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if entry.name.endswith(PACK):
                        packed += size
                    else:
                        plain += size
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except FileNotFoundError:
            continue
    return DiskUse(plain, packed)
