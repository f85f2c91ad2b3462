"""What a rule can be about, as text: which texts are right, and what matches a pattern.

An incident's target is one of: `PROCESS/TYPE/STAT`, `LEVEL/GROUP`, or the name of a process. A pattern is matched
against `PROCESS.STAT`; `*` in it stands for any characters, dots too, and `/TYPE` at its end for one type only.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from alerts.models.rule import TargetKind
from stats.aggregation.names import is_name
from stats.aggregation.partial import KINDS, Kind
from stats.storage.paths import Level

LEVELS: tuple[Level, ...] = ("error", "warning")
_GROUP = re.compile(r"(?:error|warning)/(?:\*|[0-9A-Za-z]{1,16})")
_PATTERN = re.compile(r"[A-Za-z0-9_.:!*-]{1,257}(?:/(?:c|ms|g))?")
_PROCESS = re.compile(r"[A-Za-z0-9_.:!*-]{1,128}")
_ANY = "[A-Za-z0-9_.:!-]*"
_WRONG = {
    TargetKind.STAT: "A stat is named by its process, type and name, such as api/ms/query, not {0!r}.",
    TargetKind.PATTERN: "A pattern has letters, digits, _ . : ! - and * for anything, such as api.*.errors, not {0!r}.",
    TargetKind.PROCESS: "A process has letters, digits, _ . : ! - and perhaps * for anything, not {0!r}.",
    TargetKind.GROUP: "An error group is error/KEY or warning/KEY, or error/* for all of them, not {0!r}.",
}


class TargetError(ValueError):
    """A text that names no target; the message is a sentence for the one who wrote it."""


class StatName(NamedTuple):
    """The parts of a stat's target."""

    process: str
    kind: Kind
    name: str


def check(kind: TargetKind, text: str) -> None:
    """Raises TargetError for what cannot be the target of a rule."""
    right = {
        TargetKind.STAT: lambda: stat_of(text) is not None,
        TargetKind.PATTERN: lambda: _PATTERN.fullmatch(text) is not None,
        TargetKind.PROCESS: lambda: _PROCESS.fullmatch(text) is not None,
        TargetKind.GROUP: lambda: _GROUP.fullmatch(text) is not None,
    }
    if not right[kind]():
        raise TargetError(_WRONG[kind].format(text[:80]))


def check_process(name: str) -> None:
    """Raises TargetError for what cannot be the name of a process."""
    if not is_name(name):
        raise TargetError(f"{name[:80]!r} cannot be the name of a process.")


@lru_cache(maxsize=65_536)
def stat_of(target: str) -> StatName | None:
    """The stat that a target is; None for what is none."""
    parts = target.split("/")
    if len(parts) != 3 or parts[1] not in KINDS or not (is_name(parts[0]) and is_name(parts[2])):
        return None
    return StatName(parts[0], parts[1], parts[2])


def process_of(target: str) -> str:
    """The process that a target is, or is a stat of; empty for a group."""
    parts = target.split("/")
    return "" if len(parts) == 2 else parts[0]


def matches(pattern: str, target: str) -> bool:
    """Whether a target of any kind is one that the pattern stands for."""
    return bool(lines_like(pattern).findall(line_of(target)))


def line_of(target: str) -> str:
    """A line by which patterns find a target."""
    stat = stat_of(target)
    return f"{stat.process}.{stat.name}/{stat.kind}\t{target}" if stat else f"{target}/\t{target}"


@lru_cache(maxsize=4096)
def lines_like(pattern: str) -> re.Pattern[str]:
    """Finds, in lines of `line_of`, the targets that the pattern stands for: of 10,000 in a millisecond."""
    name, _, kind = pattern.partition("/")
    text = _ANY.join(map(re.escape, name.split("*")))
    return re.compile(rf"^{text}/{kind or '[a-z]*'}\t(.*)$", re.MULTILINE)
