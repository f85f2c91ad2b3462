"""Which names a process or a stat may have."""

import re

NAME_LIMIT = 128  # characters; with a type, `.prt` and a mark for unfinished files it still fits a 255-byte file name

_NAME = re.compile(rf"[A-Za-z0-9_.:!-]{{1,{NAME_LIMIT}}}")
_DOTS = frozenset((".", ".."))  # a process name becomes a directory, and these two are directories already


def is_name(text: str) -> bool:
    """Whether `text` as a whole can name a process or a stat."""
    return _NAME.fullmatch(text) is not None and text not in _DOTS
