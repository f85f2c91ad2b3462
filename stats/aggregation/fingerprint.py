"""Which errors are one and the same: by exception type and the program's own frames, or by logger and template.

The text of a message never counts: it has ids, times and other languages in it. Line numbers do not count either, nor
where the program is installed: both change with each release.
"""

import hashlib
from typing import NamedTuple

from stats.aggregation.commit import Event
from stats.aggregation.stack import Frame, Stack, stack_of

MOST_FRAMES = 20  # innermost ones; a recursion has more
KEY_DIGITS = 16


class Fingerprint(NamedTuple):
    """The group of an event: `key` tells it from others of its account and level, `why` says what made it so."""

    key: str
    why: str


def fingerprint(event: Event, process: str) -> Fingerprint:
    """The group of an error or a warning of a process.

    The first that the event has decides: a stack; a template (`tpl`), with its logger (`log`); the place that reported
    it (`loc`); its type; at last the process alone.
    """
    stack = stack_of(event.trc)
    if stack.frames:
        return _by_stack(event.typ, stack)
    named = _short(event.typ)
    if event.tpl:
        of_logger = f" of the logger {event.log}" if event.log else ""
        return _made(f"the template “{_beginning(event.tpl)}”{of_logger}", "template", named, event.log, event.tpl)
    if event.loc:
        place = _place(event.loc)
        of_logger = f" with the logger {event.log}" if event.log else ""
        return _made(f"the place that reported it, {place}{of_logger}", "place", named, event.log, place)
    if named or event.log:
        return _made(f"{named or event.log}, since no stack, template or place came with it", "type", named, event.log)
    return _made(f"the process {process}, since nothing but a text came with it", "process", process)


def _by_stack(typ: str, stack: Stack) -> Fingerprint:
    own = [frame for frame in stack.frames if frame.own]
    frames = _without_repeats(own or list(stack.frames))[-MOST_FRAMES:]
    names = [_short(typ) or _short(stack.typ), *map(_short, stack.causes)]
    what = ", caused by ".join(name for name in names if name) or "the stack"
    whose = "of the program" if own else "of libraries"
    inner = frames[-1]
    why = f"{what} and {len(frames)} {'frame' if len(frames) == 1 else 'frames'} {whose}, the innermost {_shown(inner)}"
    return _made(why, "stack", *names, *(f"{frame.file}:{frame.function}" for frame in frames))


def _without_repeats(frames: list[Frame]) -> list[Frame]:
    """A recursion is the same error at any depth."""
    seen = set()
    kept = []
    for frame in frames:
        place = (frame.file, frame.function)
        if place not in seen:
            seen.add(place)
            kept.append(frame)
    return kept


def _made(why: str, *parts: str) -> Fingerprint:
    text = "\0".join(parts)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Fingerprint(digest[:KEY_DIGITS], f"Grouped by {why}.")


def _short(typ: str) -> str:
    """The class without its module: the same class is `__main__.Failed` in one process and `shop.Failed` in another."""
    return typ.rpartition(".")[2].strip()


def _place(loc: str) -> str:
    """A place `file:function` without the folders that a release changes."""
    file, colon, function = loc.rpartition(":")
    return f"{Frame.of(file, function).file}:{function}" if colon else loc


def _shown(frame: Frame) -> str:
    return f"{frame.function} in {frame.file}"


def _beginning(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"
