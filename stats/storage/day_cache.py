"""A stat's minutes of a day, from its `.prt` file, its packed day or both, as long as these do not change."""

import logging
import os
from datetime import date
from pathlib import Path

import msgspec
from zstandard import ZstdError

from stats.storage import paths
from stats.storage.day_table import EMPTY, DayTable, Signature, signature
from stats.storage.lru import Lru
from stats.storage.packed import read_stat
from stats.storage.packed_file import DamagedPackError

Signatures = tuple[Signature | None, Signature | None]  # of the `.prt` file and of the packed day
Signed = tuple[Signatures, DayTable]

logger = logging.getLogger("dattss.storage")

_ABSENT: Signed = ((None, None), EMPTY)


class DayCache:
    """Reads files, and reads again only those that have changed. `limit` bytes of tables stay; a full one takes about
    100 KB, and as much again with sketches."""

    def __init__(self, limit: int) -> None:
        self._tables: Lru[str, Signed] = Lru(limit, lambda signed: signed[1].size)

    def get(self, root: Path, stat: paths.Stat, day: date) -> Signed:
        """What to compare for changes, and the minutes; an empty table where there is nothing, or where a packed day is
        damaged (then the log says so)."""
        plain, pack = str(paths.prt_path(root, stat, day)), str(paths.pack_path(root, stat.account, day))
        current = _signature(plain), _signature(pack)
        if current == _ABSENT[0]:
            return _ABSENT
        kept = self._tables.get(plain)
        if kept is not None and kept[0] == current:
            return kept
        try:
            signed = current, read_stat(root, stat, day)
        except (DamagedPackError, ZstdError, msgspec.DecodeError) as error:
            logger.error("ignored the packed day %s: %s", pack, error)  # noqa: TRY400  (where is in the message)
            signed = current, EMPTY
        self._tables.put(plain, signed)
        return signed


def _signature(path: str) -> Signature | None:
    try:
        return signature(os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
