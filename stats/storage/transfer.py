"""An account's files on their way to another folder: read in chunks, written beside, checked, and put in place at once.

    ROOT/.home                 the name of this folder of values: two shards that read the same one share it
    ROOT/USER/.delivered       which commits were taken before the account came here
    ROOT/~arriving-USER-TOKEN/ an account in the making
    ROOT/~leaving-…/           a folder that is being removed

A reader of values passes all of them over. Each arrival has a token of its own: whoever begins one ends the others of
that account, so that two who copy it at once never mix their files, and only one of them can finish.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import zlib
from pathlib import Path
from typing import NamedTuple

from stats.storage import paths

HOME = ".home"
HANDED_OVER = ".delivered"
_LEAVING = f"{paths.UNFINISHED}leaving-"


class Piece(NamedTuple):
    """A part of a file: its path in the account's folder, where it begins, its bytes and their CRC-32."""

    path: str
    offset: int
    data: bytes
    crc: int


class Wanted(NamedTuple):
    """A part of a file to be read: path in the account's folder, first byte, how many bytes."""

    path: str
    offset: int
    length: int


class Listed(NamedTuple):
    """A file of an account: its path in the account's folder, and its bytes."""

    path: str
    size: int


class TransferError(ValueError):
    """What arrived is not what was sent, or is no path inside of an account: `what`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def home(root: Path) -> str:
    """What tells this folder from any other, however it is mounted; made by whoever asks first. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f"{paths.UNFINISHED}home-{secrets.token_hex(8)}"
    draft.write_text(secrets.token_hex(16))
    with contextlib.suppress(FileExistsError):
        os.link(draft, root / HOME)
    draft.unlink()
    return (root / HOME).read_text()


def parts(root: Path, account: int) -> list[str]:
    """The names in the account's folder, its days among them."""
    folder = paths.account_dir(root, account)
    names = os.listdir(folder) if folder.is_dir() else []
    return sorted(name for name in names if not name.startswith(paths.UNFINISHED))


def files(root: Path, account: int, part: str) -> list[Listed]:
    """The files in one of `parts`, or that part itself where it is a file."""
    folder = paths.account_dir(root, account)
    return _files(folder, _inside(folder, part))


def read(root: Path, account: int, wanted: list[Wanted]) -> list[Piece]:
    """Parts of the account's files. Raises OSError."""
    folder = paths.account_dir(root, account)
    return [_read(folder, one) for one in wanted]


def digest(folder: Path, part: str) -> str:
    """What two copies of a part have in common if, and only if, they are the same."""
    found = hashlib.sha256()
    for path, size in _files(folder, _inside(folder, part)):
        found.update(f"{path}\0{size}\0".encode())
        found.update((folder / path).read_bytes())
    return found.hexdigest()


def begin(root: Path, account: int) -> str:
    """Makes the folder of an arrival, empty, and removes those of earlier ones. Returns its token."""
    arrivals = f"arriving-{paths.account_name(account)}-"
    for left in root.glob(f"{_LEAVING}{arrivals}*"):
        shutil.rmtree(left, ignore_errors=True)
    for earlier in root.glob(f"{paths.UNFINISHED}{arrivals}*"):
        _throw_away(earlier)
    token = secrets.token_hex(8)
    _arriving(root, account, token).mkdir(parents=True)
    return token


def arriving(root: Path, account: int, token: str) -> Path:
    """Where an account is put together before it is complete. Raises TransferError where it was begun anew."""
    folder = _arriving(root, account, token)
    if not folder.is_dir():
        raise TransferError(f"another run has begun to bring account {account} here")
    return folder


def write(root: Path, account: int, token: str, pieces: list[Piece]) -> None:
    """Writes parts of files into it. Raises TransferError, OSError."""
    folder = arriving(root, account, token)
    for piece in pieces:
        if zlib.crc32(piece.data) != piece.crc:
            raise TransferError(f"{piece.path} was damaged on its way")
        path = _inside(folder, piece.path)
        _make_folders(folder, path)
        with path.open("r+b" if piece.offset else "wb") as file:
            file.seek(piece.offset)
            file.write(piece.data)


def finish(root: Path, account: int, token: str) -> None:
    """Puts the folder in the place of the account's own, durably; what was there is an old copy and goes. Raises
    TransferError, OSError."""
    folder = arriving(root, account, token)
    os.sync()
    remove(root, account)
    folder.rename(paths.account_dir(root, account))
    os.sync()


def remove(root: Path, account: int) -> None:
    """Removes the account's folder."""
    _throw_away(paths.account_dir(root, account))


def erase(root: Path, account: int) -> None:
    """Removes all that there is of an account, durably: its folder, and what moves that were cut off have left. Cut off
    itself, it is done by calling it again. Raises OSError where something stays."""
    if not root.is_dir():
        return
    name = paths.account_name(account)
    folder, leaving = root / name, root / f"{_LEAVING}{name}"
    _remove_tree(leaving)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(leaving)
    arrivals = f"arriving-{name}-*"
    for left in (leaving, *root.glob(paths.UNFINISHED + arrivals), *root.glob(_LEAVING + arrivals)):
        _remove_tree(left)
    _sync(root)


def _arriving(root: Path, account: int, token: str) -> Path:
    return root / f"{paths.UNFINISHED}arriving-{paths.account_name(account)}-{token}"


def _throw_away(folder: Path) -> None:
    """Removes a folder; renamed first, so that it is never there by half."""
    leaving = folder.with_name(_LEAVING + folder.name.removeprefix(paths.UNFINISHED))
    shutil.rmtree(leaving, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(leaving)
    shutil.rmtree(leaving, ignore_errors=True)


def _remove_tree(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir():
            shutil.rmtree(path)
        else:  # where something is in the way of the account's folder
            path.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folders(folder: Path, path: Path) -> None:
    """Those between the folder and the path, never the folder itself: it may just have been removed."""
    for parent in reversed(path.relative_to(folder).parents[:-1]):
        (folder / parent).mkdir(exist_ok=True)


def _files(folder: Path, place: Path) -> list[Listed]:
    if place.is_file():
        return [Listed(place.relative_to(folder).as_posix(), place.stat().st_size)]
    found = (path for path in place.rglob("*") if path.is_file() and not path.name.startswith(paths.UNFINISHED))
    return sorted(Listed(path.relative_to(folder).as_posix(), path.stat().st_size) for path in found)


def _read(folder: Path, wanted: Wanted) -> Piece:
    with _inside(folder, wanted.path).open("rb") as file:
        file.seek(wanted.offset)
        data = file.read(wanted.length)
    return Piece(wanted.path, wanted.offset, data, zlib.crc32(data))


def _inside(folder: Path, path: str) -> Path:
    """The path, once it is sure that it stays in the folder."""
    if not path or path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
        raise TransferError(f"{path!r} is no path inside of an account")
    return folder / path
