"""Reads the stacks that Python and Node write: frames, outermost first, and the types of an exception's causes.

Python's `traceback` module, PEP 654's exception groups, and V8's `Error.stack` as Node's `util.inspect` prints it. What
is neither has no frames.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST_LINE = 1000  # characters: a path and a function's name; a longer line is no frame
MOST_LINES = 2000

_PYTHON_FRAME = re.compile(r'File "([^"]*)", line \d+(?:, in (.+))?')
_PYTHON_ERROR = re.compile(r"([A-Za-z_][\w.]*)(?:: .*)?")
_PYTHON_BORDER = re.compile(r"[\s|+]*")  # before each line of an exception group
_PYTHON_MEMBER = re.compile(r"[ |]*\+[-+]*- [\d.]+ -+")  # the line above a member of a group
_PYTHON_LINKS = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_NODE_FRAME = re.compile(r"at (?:(?P<function>[^()]+) \((?P<inside>[^()]*)\)|(?P<bare>\S+))")
_NODE_CAUSE = re.compile(r"\[cause\]: (?:Uncaught )?([A-Za-z_$][\w$.]*)")
_NODE_PLACE = re.compile(r":\d+(?::\d+)?$")
_NODE_ERROR = re.compile(r"(?:Uncaught )?([A-Za-z_$][\w$.]*)(?:[ :\[].*)?")

_LIBRARIES = re.compile(r"/(?:site-packages|dist-packages|node_modules)/|/lib/python\d[\d.]*/|/lib\d*/python\d", re.I)
_WINDOWS_LIBRARIES = re.compile(r"/Python\d+/Lib/", re.I)
_RELEASE = re.compile(r"v?\d[\d._T-]*|[0-9a-f]{7,64}|current|releases?|build|dist", re.I)
# Blocks that newer versions of Python run inside of their function, without a frame of their own.
_INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})


class Frame(NamedTuple):
    """A function that was running: `file` is its file without what is particular to one machine or release; `own` is
    False for code of libraries and of the runtime."""

    file: str
    function: str
    own: bool

    @classmethod
    def of(cls, path: str, function: str) -> "Frame":
        """The frame of a function in the file `path`, as the runtime names them."""
        plain = path.replace("\\", "/").removeprefix("file://")
        return cls(_tail(plain), function, _is_own(plain))


class Stack(NamedTuple):
    """`typ` is the type of the exception as its stack names it, empty where it does not; `causes` are those of the
    members of an exception group, then of the exceptions that led to it, nearest first; `frames` are those of the
    exception itself, outermost first."""

    typ: str
    causes: tuple[str, ...]
    frames: tuple[Frame, ...]


NO_STACK = Stack("", (), ())


def stack_of(text: str) -> Stack:
    """The stack in the text of an event; `NO_STACK` where there is none that can be read."""
    lines = [line for line in text.splitlines()[:MOST_LINES] if len(line) <= LONGEST_LINE]
    if any(_PYTHON_FRAME.search(line) for line in lines):
        return _python(lines)
    return _node(lines)


def _python(lines: list[str]) -> Stack:
    *before, last = _split_at_links(lines)
    group, *members = _split_at_members(last)
    typ, frames = _python_part(group)
    inside = sorted({_python(_without_border(member)).typ for member in members})
    led_to_it = [_python_part(part)[0] for part in reversed(before)]
    return Stack(typ, tuple(filter(None, (*inside, *led_to_it))), tuple(frames))


def _split_at_links(lines: list[str]) -> Iterator[list[str]]:
    """The tracebacks of a chain; links behind a border belong to a member of a group."""
    part: list[str] = []
    for line in lines:
        if line.strip() in _PYTHON_LINKS:
            yield part
            part = []
        else:
            part.append(line)
    yield part


def _split_at_members(lines: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        if _PYTHON_MEMBER.fullmatch(line.rstrip()):
            yield part
            part = []
        else:
            part.append(line)
    yield part


def _without_border(lines: list[str]) -> list[str]:
    width = _depth_of_head(lines)
    return [line[width:] for line in lines]


def _python_part(lines: list[str]) -> tuple[str, list[Frame]]:
    """The exception's type and frames in one traceback."""
    frames: list[Frame] = []
    head = _depth_of_head(lines)
    for line in lines:
        plain = _PYTHON_BORDER.sub("", line, count=1).rstrip()
        found = _PYTHON_FRAME.match(plain)
        if found:
            function = found[2] or "<module>"
            if function not in _INLINED:
                frames.append(Frame.of(found[1], function))
        elif frames and _depth(line) == head and (error := _PYTHON_ERROR.fullmatch(plain)):
            return error[1], frames
    return "", frames


def _depth_of_head(lines: list[str]) -> int:
    """How far in a traceback stands."""
    return next((_depth(line) for line in lines if "Traceback (most recent call last)" in line), 0)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" |+"))


def _node(lines: list[str]) -> Stack:
    frames: list[Frame] = []
    causes: list[str] = []
    typ = ""
    for line in lines:
        plain = line.strip()
        cause = _NODE_CAUSE.match(plain)
        if cause:
            causes.append(cause[1])
            continue
        found = _NODE_FRAME.fullmatch(plain.removesuffix("{").rstrip())
        if found and not causes:
            frames.append(_node_frame(found))
        elif not frames and not typ and plain:
            error = _NODE_ERROR.fullmatch(plain)
            typ = error[1] if error else ""
    if not frames:
        return NO_STACK
    return Stack(typ, tuple(causes), tuple(reversed(frames)))


def _node_frame(found: re.Match[str]) -> Frame:
    function = found["function"] or "<anonymous>"
    function = re.sub(r"^(?:async |new )+", "", re.sub(r" \[as [^\]]*\]$", "", function))
    return Frame.of(_NODE_PLACE.sub("", found["inside"] or found["bare"]), function)


def _is_own(path: str) -> bool:
    if path.startswith(("<", "node:")) or path in ("native", "internal"):
        return False
    return not (_LIBRARIES.search(path) or _WINDOWS_LIBRARIES.search(path))


def _tail(path: str) -> str:
    """The file and its folder, which is what a program's modules are called; folders of releases are left out."""
    *folders, file = path.split("/")
    near = [folder for folder in folders if folder and not _RELEASE.fullmatch(folder)]
    return "/".join([*near[-1:], file])
