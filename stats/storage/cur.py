"""The `.cur` file: the latest state of a process and all its live stats, replaced whole each minute.

    {"nam": "api", "upt": 123.4, "mem": 52428800, "cpu": 3.5, "err": 2, "wrn": 0, "seen": 1763899999.8,
     "restarts": 1, "restarted": [1763890000.2], "late": 0, "missing": 0, "instances": [{"iid": "9f2c…", …}],
     "stats": {"c": {"new": {…}}, "g": {"live": {…}}, "ms": {"query": {…}}},
     "resting": {"c": {"old": {"total": 7, "emp": false}}, "g": {}, "ms": {}}}

`seen` is the Unix time of the last commit, `err` and `wrn` count since the process appeared; `upt`, `mem`, `cpu` may be
null. The fields of a stat are those of the live page (`docs/live-protocol.md`), and what the engine needs to go on
after a restart; this module keeps them as they come.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Required, TypedDict

import msgspec

from stats.storage import paths
from stats.storage.failures import failure
from stats.storage.replace import replace

logger = logging.getLogger("dattss.storage")

State = dict[str, Any]


class _State(TypedDict, total=False):
    """What a start relies on; other fields are kept as they are."""

    nam: Required[str]
    seen: Required[float]
    upt: Required[float | None]
    mem: Required[float | None]
    cpu: Required[float | None]
    err: Required[int]
    wrn: Required[int]
    stats: Required[dict[str, dict[str, dict[str, Any]]]]
    restarts: int
    restarted: list[float]
    late: int
    missing: int
    instances: list[dict[str, Any]]


_check = msgspec.json.Decoder(_State).decode

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def encode(state: Mapping[str, Any]) -> bytes:
    """The contents of a file."""
    return _encode(state) + b"\n"


def write(root: Path, account: int, process: str, contents: bytes, *, durable: bool = False) -> None:
    """Replaces the state of a process. Raises StorageError, and BadNameError for a name that is none.

    `durable`: returns only when it would survive a power cut.
    """
    replace(paths.cur_path(root, account, process), contents, durable=durable)


def read(root: Path, account: int, process: str) -> State | None:
    """The state of a process; None where there is none, or where it is damaged (then the log says so)."""
    return _read(paths.cur_path(root, account, process))


def read_all(root: Path, account: int) -> dict[str, State]:
    """The states of all processes of an account, by process, in the order of their names; damaged ones are left out."""
    states: dict[str, State] = {}
    for process in _processes(paths.current_dir(root, account)):
        state = read(root, account, process)
        if state is not None:
            states[process] = state
    return states


def remove(root: Path, account: int, process: str) -> None:
    """Forgets the state of a process, if there is one. Raises StorageError."""
    path = paths.cur_path(root, account, process)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise failure(error, str(path)) from error


def _processes(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    names = (paths.process_of(file.name) for file in folder.iterdir())
    return sorted(name for name in names if name is not None)


def _read(path: Path) -> State | None:
    try:
        contents = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    try:
        _check(contents)
        state = _decode(contents)
    except msgspec.DecodeError as error:
        logger.warning("ignored the damaged state %s: %s", path, error)
        return None
    return state
