"""The files `errors` and `warnings`: the last 100 of each of an account, newest last, one JSON object a line. Beside
them the file `groups`: what is counted of all errors and warnings, a group a line (`stats.aggregation.error_groups`).

{"at": 1763900000.1, "nam": "api", "lvl": "error", "typ": "ValueError", "msg": "boom", "trc": "Traceback…", "cnt": 1}

What a terminal would obey or not show stands there as an escape of JSON, so that the files can be looked at.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from stats.aggregation.error_groups import MOST_GROUPS
from stats.storage import paths
from stats.storage.paths import EventFile
from stats.storage.replace import replace

logger = logging.getLogger("dattss.storage")

KEPT = 100
MOST: dict[EventFile, int] = {"error": KEPT, "warning": KEPT, "group": 2 * MOST_GROUPS}

# In UTF-8: DEL, U+0080 to U+009F, marks of direction, what has no width, other ends of lines. JSON escapes the rest.
_UNSEEN = re.compile(
    rb"\x7f|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]"
)

_encoder = msgspec.json.Encoder()
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def write(root: Path, account: int, level: EventFile, events: Sequence[Mapping[str, Any]]) -> None:
    """Replaces the account's errors or warnings by the last 100 of `events`, oldest first, or its groups by these.

    Raises StorageError."""
    lines = _UNSEEN.sub(_escape, _encoder.encode_lines(events[-MOST[level] :]))
    replace(paths.events_path(root, account, level), lines)


def read(root: Path, account: int, level: EventFile) -> list[dict[str, Any]]:
    """The account's last errors or warnings, oldest first, or its groups. Damaged lines are left out, and the log says
    how many."""
    path = paths.events_path(root, account, level)
    try:
        lines = path.read_bytes().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except IsADirectoryError as error:  # a flush will tell that it cannot write there
        logger.warning("ignored what lies in the place of %s: %s", path, error)
        return []
    events = [event for event in map(_event, lines) if event is not None]
    if len(events) < len(lines):
        logger.warning("ignored %s damaged lines of %s", len(lines) - len(events), path)
    return events[-MOST[level] :]


def _escape(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        return _decode(line)
    except msgspec.DecodeError:
        return None
