"""Packs an account's past days, unpacks and removes them, and reads a stat of a day wherever it is.

A packed day is written beside its folder under a `~` name, read back, and renamed; only then are the plain files
removed. A plain file beside a packed day is therefore either what a crash left of that, or late data. The index tells:
it knows size and checksum of the content that it was made from. What goes beyond that is late, is read together with
what is packed, and goes in with the next packing.
"""

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from stats.aggregation.names import is_name
from stats.storage import packed_file, paths
from stats.storage.day_table import DayTable, Signature, parse_day, signature
from stats.storage.pack_file import Entry, PackReader, PackWriter, opened
from stats.storage.packed_file import Checksum, DamagedPackError, checksum

log = logging.getLogger("dattss.storage")


class PackReport(NamedTuple):
    """What packing a day did: how many files, how many bytes they had, and how many the packed day has."""

    files: int
    plain_bytes: int
    packed_bytes: int


# --- reading ----------------------------------------------------------------------------------------------------------
def read_stat(root: Path, stat: paths.Stat, day: date) -> DayTable:
    """The stat's minutes of a UTC day, from its file, from the packed day, or from both. Raises DamagedPackError."""
    # In this order: packing renames the packed day into its place before it removes the file.
    plain = _content(paths.prt_path(root, stat, day))
    with opened(paths.pack_path(root, stat.account, day)) as pack:
        entry = pack.index(stat.process).get(paths.prt_name(stat.kind, stat.name)) if pack else None
        if pack is None or entry is None:
            return parse_day(plain or b"")
        packed = pack.packed(entry)
    fresh = _fresh(plain, entry.source)
    return parse_day(packed_file.merged(packed, fresh)) if fresh else packed_file.table(packed)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _fresh(plain: bytes | None, source: Checksum) -> bytes:
    """What of a plain file's content is not in the packed day that was made from `source`."""
    if plain is None:
        return b""
    return plain[source.size :] if checksum(plain[: source.size]) == source else plain


# --- packing ----------------------------------------------------------------------------------------------------------
def pack_day(root: Path, account: int, day: date) -> PackReport | None:
    """Packs the plain files of an account's UTC day, with those packed before; None where there is none to pack.

    Raises OSError where the disk does not do it, DamagedPackError where an earlier packed day or what was just written
    cannot be read: then the plain files are all there.
    """
    with _alone(root, account):
        return _pack(root, account, day)


def _pack(root: Path, account: int, day: date) -> PackReport | None:
    folder, target = paths.day_dir(root, account, day), paths.pack_path(root, account, day)
    _remove_drafts(root, account, day)
    plain = _plain_files(folder)
    if not plain:
        return None
    sources = _replace(target, folder, plain)
    for (process, file), source in sources.items():
        _remove_unchanged(folder / process / file, source)
    _remove_empty(folder, plain)
    return PackReport(len(sources), sum(source[2] for source in sources.values()), target.stat().st_size)


def _replace(target: Path, folder: Path, plain: dict[str, list[str]]) -> dict[tuple[str, str], Signature]:
    """Writes the packed day anew, with plain files; returns the signatures that these had."""
    draft = _unfinished(target)
    try:
        with opened(target) as before, open(draft, "wb") as stream:
            sources = _write(PackWriter(stream), folder, plain, before)
        _verify(draft)
        draft.rename(target)
    except OSError:
        draft.unlink(missing_ok=True)  # where the disk is full its bytes are needed
        raise
    _sync(target.parent)
    return sources


def _plain_files(folder: Path) -> dict[str, list[str]]:
    """The `.prt` files of each process."""
    found: dict[str, list[str]] = {}
    for process in sorted(_names(folder)):
        files = sorted(name for name in _names(folder / process) if paths.stat_of(name)) if is_name(process) else []
        if files:
            found[process] = files
    return found


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write(
    writer: PackWriter, folder: Path, plain: dict[str, list[str]], before: PackReader | None
) -> dict[tuple[str, str], Signature]:
    """Writes plain files and what was packed before; returns the signatures that the files had."""
    sources: dict[tuple[str, str], Signature] = {}
    for process in sorted({*plain, *(before.processes() if before else ())}):
        earlier = before.index(process) if before else {}
        for file in sorted({*plain.get(process, ()), *earlier}):
            if file in plain.get(process, ()):
                path = folder / process / file
                sources[process, file] = signature(path.stat())
                packed, source = _packed(path.read_bytes(), before, earlier.get(file))
            else:
                assert before is not None  # noqa: S101  (tells mypy: it is where `earlier` is from)
                packed = before.packed(earlier[file])
                source = checksum(packed_file.unpack(packed))  # it is whole: should it appear as a file, it is not late
            writer.add(process, file, packed, source)
    writer.finish()
    return sources


def _packed(plain: bytes, before: PackReader | None, entry: Entry | None) -> tuple[bytes, Checksum]:
    """A plain file packed, together with what was packed of it before."""
    source = checksum(plain)
    if before is None or entry is None:
        return _sure(plain), source
    earlier = before.packed(entry)
    fresh = _fresh(plain, entry.source)
    return (_sure(packed_file.merged(earlier, fresh)) if fresh else earlier), source


def _sure(content: bytes) -> bytes:
    packed = packed_file.pack(content)
    if packed_file.unpack(packed) != content:
        raise DamagedPackError("what was packed is not what came out")
    return packed


def _verify(draft: Path) -> None:
    """Reads everything back from the disk; each file's packed bytes were tried when they were made."""
    with opened(draft) as pack:
        if pack is None:
            raise DamagedPackError("it is gone")
        for process in pack.processes():
            for entry in pack.index(process).values():
                pack.packed(entry)


def _remove_unchanged(path: Path, packed: Signature) -> None:
    with contextlib.suppress(FileNotFoundError):
        if signature(path.stat()) == packed:
            path.unlink()


def _remove_empty(folder: Path, processes: dict[str, list[str]]) -> None:
    for place in (*(folder / process for process in processes), folder):
        with contextlib.suppress(OSError):  # something else lies there: it is not ours to remove
            place.rmdir()


# --- unpacking and removing -------------------------------------------------------------------------------------------
def unpack_day(root: Path, account: int, day: date) -> int:
    """Puts the plain files back, byte for byte, and removes the packed day; returns how many, 0 where none is packed.

    Late data beside it goes in first. Raises OSError and DamagedPackError; then the packed day is still there.
    """
    with _alone(root, account):
        _pack(root, account, day)
        _remove_drafts(root, account, day)
        target, folder = paths.pack_path(root, account, day), paths.day_dir(root, account, day)
        if not target.exists():
            return 0
        _replace(target, folder, {})  # it knows the files that are about to appear beside it
        draft = _unfinished(folder)
        try:
            with opened(target) as pack:
                files = _unpack_into(draft, pack) if pack else 0
            shutil.copytree(folder, draft, dirs_exist_ok=True) if folder.exists() else None
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)  # as above
            raise
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
        _sync(folder.parent)
        target.unlink()
        return files


def _unpack_into(draft: Path, pack: PackReader) -> int:
    files = 0
    for process in pack.processes():
        place = draft / paths.process_name(process)
        place.mkdir(parents=True)
        for file, entry in pack.index(process).items():
            _unpack_file(place, file, pack.packed(entry))
            files += 1
        _sync(place)
    return files


def _unpack_file(place: Path, file: str, packed: bytes) -> None:
    if paths.stat_of(file) is None:
        raise paths.BadNameError("stat", file)
    with open(place / file, "wb") as stream:
        stream.write(packed_file.unpack(packed))
        stream.flush()
        os.fsync(stream.fileno())


def remove_day(root: Path, account: int, day: date) -> None:
    """Removes a day, packed and plain. A folder that goes is renamed first, so that none is ever there by half."""
    with _alone(root, account):
        _remove_drafts(root, account, day)
        folder = paths.day_dir(root, account, day)
        paths.pack_path(root, account, day).unlink(missing_ok=True)
        if folder.exists():
            folder.rename(_unfinished(folder))
        _remove_drafts(root, account, day)


def stored_days(root: Path, account: int) -> tuple[list[date], list[date]]:
    """The UTC days with a folder, and those that are packed; each list oldest first."""
    names = _names(paths.account_dir(root, account))
    plain = {paths.day_of(name) for name in names}
    packed = {paths.day_of(name.removesuffix(paths.PACK)) for name in names if name.endswith(paths.PACK)}
    return sorted(day for day in plain if day), sorted(day for day in packed if day)


def stored_stats(root: Path, account: int, day: date) -> set[paths.Stat]:
    """The stats that have minutes in a UTC day, plain or packed. Raises DamagedPackError."""
    files = {
        (process, file) for process, found in _plain_files(paths.day_dir(root, account, day)).items() for file in found
    }
    with opened(paths.pack_path(root, account, day)) as pack:
        if pack is not None:
            files |= {(process, file) for process in pack.processes() for file in pack.index(process)}
    named = ((process, paths.stat_of(file)) for process, file in files)
    return {paths.Stat(account, process, *stat) for process, stat in named if stat is not None}


# --- all of them ------------------------------------------------------------------------------------------------------
def _unfinished(path: Path) -> Path:
    return path.with_name(paths.UNFINISHED + path.name)


def _remove_drafts(root: Path, account: int, day: date) -> None:
    """Removes what a crash has left half-written or half-removed."""
    _unfinished(paths.pack_path(root, account, day)).unlink(missing_ok=True)
    shutil.rmtree(_unfinished(paths.day_dir(root, account, day)), ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _alone(root: Path, account: int) -> Iterator[None]:
    """Keeps commands and the nightly task from working on the days of an account at once."""
    folder = paths.account_dir(root, account)
    if not folder.is_dir():
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
