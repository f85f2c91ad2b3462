"""Parsed `.prt` files, as long as the files do not change."""

import os

from stats.storage.day_table import EMPTY, DayTable, Signature, read_signed, signature
from stats.storage.lru import Lru

Signed = tuple[Signature | None, DayTable]

_ABSENT: Signed = (None, EMPTY)


class DayCache:
    """Reads files, and reads again only those that have changed. A full table takes about 100 KB; `limit` tables
    stay."""

    def __init__(self, limit: int) -> None:
        self._tables: Lru[str, Signed] = Lru(limit)

    def get(self, path: str) -> Signed:
        """The file's signature and minutes; None and an empty table where there is no file."""
        try:
            current = signature(os.stat(path))
        except (FileNotFoundError, NotADirectoryError):
            return _ABSENT
        kept = self._tables.get(path)
        if kept is not None and kept[0] == current:
            return kept
        signed = read_signed(path)
        self._tables.put(path, signed)
        return signed
