"""Where everything lies: the one place that turns accounts, days and names into paths.

    ROOT/                                  DATTSS_DATA/stats
        USER/                              the account id
            2026-W47_1/                    ISO week and day, UTC
                PROC/
                    CTYPE_CNAME.prt        one line a minute
            current/
                PROC.cur                   the latest state of a process
            errors                         the last 100 of each
            warnings

A name with a `~` in front is a file or folder in the making: no process or stat can be called so, readers pass it over,
and whatever a crash leaves of it is overwritten by the next one.

Process and stat names come from strangers, so nothing here joins a name to a path before it is checked. File systems
that do not tell `A` from `a` keep such two stats in one file; keep the data on one that does.
"""

import re
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from stats.aggregation.names import is_name
from stats.aggregation.partial import KINDS, Kind

Level = Literal["error", "warning"]
EventFile = Literal["error", "warning", "group"]

PRT = ".prt"
CUR = ".cur"
PACK = ".pack"
CURRENT = "current"
UNFINISHED = "~"

_EVENT_FILES: dict[EventFile, str] = {"error": "errors", "warning": "warnings", "group": "groups"}
_ACCOUNT = re.compile(r"0|[1-9][0-9]{0,18}")
_DAY = re.compile(r"([0-9]{4})-W([0-9]{2})_([1-7])")


class Stat(NamedTuple):
    """Which stat: of which account and process, of which type, and called how."""

    account: int
    process: str
    kind: Kind
    name: str


class BadNameError(ValueError):
    """`value` cannot be the `what` ("account", "process", "type", "stat", "level" or "day") of a file."""

    def __init__(self, what: str, value: object) -> None:
        super().__init__(f"{value!r} cannot be used as the {what} of a file.")
        self.what = what
        self.value = value


def account_dir(root: Path, account: int) -> Path:
    """The folder of an account."""
    return root / account_name(account)


def account_name(account: int) -> str:
    """The name of an account's folder. Raises BadNameError for a negative id."""
    name = str(account)
    if _ACCOUNT.fullmatch(name) is None:
        raise BadNameError("account", account)
    return name


def day_name(day: date) -> str:
    """The name of a UTC day's folder: `2026-W47_1` for Monday, 16 November 2026."""
    year, week, weekday = day.isocalendar()
    return f"{year:04}-W{week:02}_{weekday}"


def day_of(folder_name: str) -> date | None:
    """The UTC day whose folder is called so, or None."""
    match = _DAY.fullmatch(folder_name)
    if match is None:
        return None
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:  # a week 00 or 54
        return None


def day_dir(root: Path, account: int, day: date) -> Path:
    """The folder of an account's UTC day."""
    return account_dir(root, account) / day_name(day)


def pack_path(root: Path, account: int, day: date) -> Path:
    """The file of an account's packed UTC day."""
    return account_dir(root, account) / f"{day_name(day)}{PACK}"


def process_dir(root: Path, account: int, day: date, process: str) -> Path:
    """The folder of a process on a UTC day."""
    return account_dir(root, account) / day_name(day) / process_name(process)


def process_name(process: str) -> str:
    """`process` itself, once it is sure that it names one folder and no other place."""
    if not is_name(process):
        raise BadNameError("process", process)
    return process


def prt_name(kind: Kind, name: str) -> str:
    """The name of a stat's file: `ms_query.prt`."""
    if kind not in KINDS:
        raise BadNameError("type", kind)
    if not is_name(name):
        raise BadNameError("stat", name)
    return prt_name_of(kind, name)


def prt_name_of(kind: Kind, name: str) -> str:
    """The same for a name that is known to be one: of 100,000 stats a minute the look at each would be felt."""
    return f"{kind}_{name}{PRT}"


def stat_of(file_name: str) -> tuple[Kind, str] | None:
    """Type and name of the stat whose file is called so, or None."""
    if not file_name.endswith(PRT):
        return None
    prefix, _, name = file_name.removesuffix(PRT).partition("_")
    for kind in KINDS:
        if kind == prefix and is_name(name):
            return kind, name
    return None


def prt_path(root: Path, stat: Stat, day: date) -> Path:
    """The file of a stat's minutes on a UTC day."""
    return process_dir(root, stat.account, day, stat.process) / prt_name(stat.kind, stat.name)


def current_dir(root: Path, account: int) -> Path:
    """The folder of the latest states of an account's processes."""
    return account_dir(root, account) / CURRENT


def cur_path(root: Path, account: int, process: str) -> Path:
    """The file of a process's latest state."""
    return current_dir(root, account) / f"{process_name(process)}{CUR}"


def process_of(file_name: str) -> str | None:
    """The process whose latest state is in a file called so, or None."""
    name = file_name.removesuffix(CUR)
    return name if file_name.endswith(CUR) and is_name(name) else None


def events_path(root: Path, account: int, level: EventFile) -> Path:
    """The file of an account's last errors or warnings."""
    if level not in _EVENT_FILES:
        raise BadNameError("level", level)
    return account_dir(root, account) / _EVENT_FILES[level]
