"""What lines become together with what their `.prt` files have of the same minutes already. Nothing is written here."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from stats.aggregation.groups import merge_groups
from stats.storage.failures import failure, is_passing
from stats.storage.lines import Lines
from stats.storage.prt import MINUTES, format_line, minute_of, parse_line
from stats.storage.prt_folders import EMPTY, REWRITE, Folder, Folders
from stats.storage.prt_outcome import Outcome

_UNKNOWN, _NEW = repeat(REWRITE), repeat(EMPTY)  # the last minute of files that were not looked at yet


class Merge:
    """Nearly all lines are of a minute that their file does not have: they stay as they are. The others become groups:
    `_groups` all of them, `_wanted` those for which a file has to be read."""

    def __init__(self, folders: Folders, outcome: Outcome) -> None:
        self._folders = folders
        self._outcome = outcome
        self._groups: list[_Group] = []
        self._wanted: defaultdict[tuple[Folder, str], list[_Group]] = defaultdict(list)

    def run(self, lines: Iterable[Lines]) -> list[Lines]:
        """What the lines become: those that stay as they are, and those that were merged."""
        minutes: dict[tuple[int, str, int], list[Lines]] = {}
        for one in lines:
            minutes.setdefault(one.where, []).append(one)
        ready = [self._minute(_joined(same)) for same in minutes.values()]
        for (folder, file), groups in self._wanted.items():
            self._read(folder, file, groups)
        self._merge([group for group in self._groups if len(group.texts) > 1])
        for group in self._groups:
            if group.texts:
                group.lines.add(group.file, group.texts[0])
        return [one for one in ready if one.files]

    def _minute(self, lines: Lines) -> Lines:
        """The lines of a process's minute that stay as they are; what becomes of the others is added to them later."""
        try:
            folder = self._folders.of(lines)
        except OSError as error:
            self._unread(lines, zip(lines.files, lines.texts, strict=True), error, Path(error.filename))
            return Lines(*lines.where)
        except (ValueError, OverflowError) as error:
            self._outcome.refused(lines, lines.files, error)
            return Lines(*lines.where)
        latest = max(map(folder.last.get, lines.files, _UNKNOWN if folder.untouched else _NEW))
        if lines.minute % MINUTES > latest and len(set(lines.files)) == len(lines.files):
            return lines
        return self._grouped(folder, lines)

    def _grouped(self, folder: Folder, lines: Lines) -> Lines:
        found: dict[str, _Group] = {}
        kept = Lines(*lines.where)
        for file, text in zip(lines.files, lines.texts, strict=True):
            if file in found:
                found[file].texts.append(text)
                continue
            try:
                last = self._folders.last(folder, file)
            except OSError as error:
                self._unread(lines, [(file, text)], error, folder.path / file)
                continue
            except ValueError as error:
                self._outcome.refused(lines, [file], error)
                continue
            group = found[file] = _Group(kept, file, [text])
            if lines.minute % MINUTES <= last:
                self._wanted[folder, file].append(group)
        self._groups += found.values()
        return kept

    def _read(self, folder: Folder, file: str, groups: list["_Group"]) -> None:
        """Puts what the file has of a minute before the other texts of that minute."""
        try:
            self._folders.open(folder)
            content = folder.content(file)
        except OSError as error:
            for group in groups:
                self._unread(group.lines, [(file, text) for text in group.texts], error, folder.path / file)
                group.texts.clear()
            return
        there: defaultdict[int | None, list[bytes]] = defaultdict(list)
        for line in content.split(b"\n")[:-1]:
            there[minute_of(line)].append(line + b"\n")
        for group in groups:
            group.texts[:0] = filter(_is_sound, there[group.lines.minute % MINUTES])

    def _unread(self, lines: Lines, files: Iterable[tuple[str, bytes]], error: OSError, path: Path) -> None:
        """What there is cannot be read, and these files' lines would take its place: they wait. Where the error says
        nothing of the file it is raised again."""
        if is_passing(error) or failure(error, str(path)).full:
            raise error
        self._outcome.failed(lines, files, error, path)

    @staticmethod
    def _merge(groups: list["_Group"]) -> None:
        parts = [[parsed[1] for text in group.texts if (parsed := parse_line(text[:-1]))] for group in groups]
        for group, merged in zip(groups, merge_groups(parts), strict=True):
            group.texts = [format_line(group.lines.minute % MINUTES, merged)]


@dataclass(eq=False)
class _Group:
    """Texts of the same minute and file, in order; what they become is added to `lines`."""

    lines: Lines
    file: str
    texts: list[bytes]


def _joined(lines: list[Lines]) -> Lines:
    """The lines of one process's minute in one; files may occur again."""
    first, *others = lines
    if not others:
        return first
    joined = Lines(*first.where)
    for one in lines:
        joined.files += one.files
        joined.texts += one.texts
    return joined


def _is_sound(text: bytes) -> bool:
    return parse_line(text[:-1]) is not None
