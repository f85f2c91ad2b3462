"""What an exception is: cheap to tell from others for each one that comes, and its texts for the few that are kept."""

from __future__ import annotations

import builtins
import re
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType

MOST_FRAMES = 60  # innermost ones of each exception that a stack shows
_LONGEST_PART = 1_000  # characters of a message within a stack; frames must have room beside it
_MOST_LINKED = 8  # exceptions of a chain, and members of a group, that are looked at
_GROUP: type | tuple[type, ...] = getattr(builtins, "BaseExceptionGroup", ())
_STACK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^ *File ".*, line \d+.*$', re.MULTILINE)
_LONGEST_STACK = 32_000  # characters of one that a log formatter wrote in which frames are looked for
_TO_THE_LAST_SPACE = re.compile(r"\S{1,256}\Z")
_LAST_LINE = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)", re.MULTILINE)


def identity(exception: BaseException) -> tuple[int, ...]:
    """Equal for exceptions of the same types that were raised at the same places. Ids: they hold as long as what
    `held` gives is alive."""
    parts: list[int] = []
    _add_identity(exception, parts.append)
    if exception.__context__ is not None or exception.__cause__ is not None or isinstance(exception, _GROUP):
        for linked in _linked(exception):
            _add_identity(linked, parts.append)
    return tuple(parts)


def _add_identity(exception: BaseException, add: Callable[[int], None]) -> None:
    add(id(type(exception)))
    entry = exception.__traceback__
    while entry is not None:
        add(id(entry.tb_frame.f_code))
        add(entry.tb_lasti)
        entry = entry.tb_next


def held(exception: BaseException) -> list[object]:
    """All types and code of which `identity` has the ids."""
    found: list[object] = []
    for linked in (exception, *_linked(exception)):
        found.append(type(linked))
        found += (entry.tb_frame.f_code for entry in _entries(linked.__traceback__))
    return found


def type_name(exception: BaseException) -> str:
    """The class as tracebacks write it."""
    kind = type(exception)
    module = str(kind.__module__)
    return kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"


def message_of(exception: BaseException) -> str:
    """The text of the exception; foreign code, so it may be anything, or fail."""
    try:
        return str(exception) or type(exception).__qualname__
    except Exception as error:  # noqa: BLE001 - whatever its `__str__` does, the error itself is to be told
        return f"({type(exception).__qualname__} whose text cannot be made: {type(error).__name__})"


def stack_of(exception: BaseException) -> str:
    """Its traceback as Python prints it, causes and groups included; empty for one that was never raised."""
    if exception.__traceback__ is None:
        return ""
    written = traceback.TracebackException(type(exception), exception, exception.__traceback__, limit=-MOST_FRAMES)
    return "".join(map(_short, written.format()))


def split_stack(text: str) -> tuple[str, str, str]:
    """A text that a log formatter wrote: the message, and type and stack of the exception behind it, where there is
    one."""
    before, found, after = text.partition(_STACK)
    if not found:
        return text, "", ""
    types = _LAST_LINE.findall(after)
    return before.rstrip("\n"), types[-1] if types else "", found + after


def written_identity(text: str) -> str:
    """Equal for texts whose stacks have the same exception and lines of code; empty for those without a stack."""
    _, found, after = text.partition(_STACK)
    if not found:
        return ""
    stack = after[:_LONGEST_STACK]
    return "\n".join((*_FRAME.findall(stack), *_LAST_LINE.findall(stack)))


def _linked(exception: BaseException) -> Iterator[BaseException]:
    """The members of a group, and the exceptions that led to it."""
    if isinstance(exception, _GROUP):
        yield from exception.exceptions[:_MOST_LINKED]  # type: ignore[attr-defined]  # from Python 3.11 on
    led = exception
    for _ in range(_MOST_LINKED):
        before = led.__cause__
        if before is None and not led.__suppress_context__:
            before = led.__context__
        if before is None:
            return
        yield before
        led = before


def _entries(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _short(part: str) -> str:
    if len(part) <= _LONGEST_PART or part.startswith("  File "):
        return part
    # Not within a key or a password: half of one would not be seen to be one when secrets are taken out.
    whole_words = _TO_THE_LAST_SPACE.sub("", part[:_LONGEST_PART])
    return f"{whole_words}… [cut: {len(part) - _LONGEST_PART:,} characters]\n"
