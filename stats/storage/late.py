"""What late values have made of minutes that were flushed before, of the last flushes: whoever has judged these minutes
looks at them again, after a restart too.
"""

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from stats.storage.lines import Lines
from stats.storage.replace import replace

log = logging.getLogger("dattss.storage")

LATE = "late"
FLUSHES = 6  # whose late minutes are kept
MOST = 50_000  # lines of a flush that are kept, the newest minutes first: what is older matters least


class Late(msgspec.Struct, array_like=True):
    """The minutes that values came late for, as their files have them now, the newest first. `segment` is the last one
    of the journal in that flush, `minute` the newest minute that it wrote (Unix time / 60)."""

    segment: int
    minute: int
    lines: list[Lines]

    def without(self, account: int) -> "Late":
        """The same without an account's."""
        return msgspec.structs.replace(self, lines=[one for one in self.lines if one.account != account])


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(list[Late])


def newest(segment: int, minute: int, lines: Iterable[Lines]) -> Late:
    """As many of these minutes as are kept."""
    kept: list[Lines] = []
    number = 0
    for one in sorted(lines, key=lambda lines: -lines.minute):
        number += len(one.files)
        if number > MOST:
            break
        kept.append(one)
    return Late(segment, minute, kept)


def read(folder: Path) -> list[Late]:
    """What is kept, the oldest flush first; nothing where the file is damaged, and the log says so."""
    try:
        return _decoder.decode((folder / LATE).read_bytes())
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        log.error("%s is damaged (%s): no rule judges again what came late before", folder / LATE, error)  # noqa: TRY400
        return []


def keep(folder: Path, found: Late) -> None:
    """Keeps what a flush has found; the same again changes nothing. Raises StorageError."""
    others = [one for one in read(folder) if one.segment != found.segment and one.minute <= found.minute]
    _write(folder, [*others, found][-FLUSHES:])


def forget(folder: Path, account: int) -> None:
    """Removes what is kept of an account. Raises StorageError."""
    found = read(folder)
    if any(one.account == account for late in found for one in late.lines):
        _write(folder, [late.without(account) for late in found])


def _write(folder: Path, kept: list[Late]) -> None:
    replace(folder / LATE, _encode(kept))
