"""Turns what a program tells - an exception, a template with its values, a record of `logging` - into its kind."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Hashable, Mapping
from types import CodeType, FrameType
from typing import Any

from dattss import exceptions
from dattss.events import Description, Events, Level

_CONVERSION = re.compile(r"%(?:\([^)]*\))?[#0\- +]*[\d*]*(?:\.[\d*]+)?[hlL]?[A-Za-z%]")
_WORD = re.compile(r"[^\W\d_]")
_WORDLESS = 24  # characters: a longer template is taken to have words in it
_DEEPEST = 20  # frames between a handler and the code that logs


class Teller:
    """Counts in `events`.

    An exception that was told carries a mark, so that it counts once on its way: through a logger, then the framework,
    then the excepthook. What the program itself tells, it may tell again.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self.begin()

    def begin(self) -> None:
        """A new process instance does not know what another has told."""
        self._mark = f"_dattss_{os.urandom(6).hex()}"

    def said(self, level: Level, what: object, args: tuple[object, ...], caller: FrameType) -> None:
        """`dts.error(…)`."""
        if what is None and not args:
            what = sys.exc_info()[1]
        if isinstance(what, BaseException):
            if not self._is_told(what, level, by_itself=True):
                self._exception(level, what, caller.f_code)
        else:
            self._text(level, what, args, caller.f_code)

    def caught(self, exception: BaseException, log: str = "") -> None:
        """What a framework or the interpreter has caught."""
        if not self._is_told(exception, "error", by_itself=False):
            self._exception("error", exception, None, log)

    def logged(self, record: logging.LogRecord) -> None:
        """What a logger has recorded."""
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        exception = record.exc_info[1] if record.exc_info else None
        if exception is None and isinstance(record.msg, BaseException):
            exception = record.msg
        if exception is None:
            self._record(level, record)
        elif not self._is_told(exception, level, by_itself=False):
            self._exception(level, exception, None, record.name, record)

    def _is_told(self, exception: BaseException, level: Level, by_itself: bool) -> bool:
        """Whether it was counted before; marks it. A warning that becomes an error is told again."""
        before = exception.__dict__.get(self._mark)
        if before is not None and (before[0] in (level, "error")) and not (by_itself and before[1]):
            return True
        exception.__dict__[self._mark] = (level, by_itself)
        return False

    def _exception(
        self,
        level: Level,
        exception: BaseException,
        caller: CodeType | None,
        log: str = "",
        record: logging.LogRecord | None = None,
    ) -> None:
        code = caller if exception.__traceback__ is None else None
        key = (level, id(code), exceptions.identity(exception))
        if self._events.known(key):
            return

        def describe() -> Description:
            """Only asked where this kind is new: it costs far more than to count."""
            return Description(
                _message(exception, record),
                exceptions.type_name(exception),
                exceptions.stack_of(exception),
                log=log,
                loc="" if code is None else place(code.co_filename, code.co_name),
            )

        self._events.count(level, key, (code, exceptions.held(exception)), describe)

    def _text(self, level: Level, what: object, args: tuple[object, ...], code: CodeType) -> None:
        template = what if type(what) is str and (args or _is_constant(what, code)) and _has_words(what) else ""
        key = (level, "", template) if template else (level, id(code))
        if self._events.known(key):
            return

        def describe() -> Description:
            """Only asked where this kind is new: it costs far more than to count."""
            text = _filled(what, args) if args else str(what)
            return Description(text, tpl=template, loc=place(code.co_filename, code.co_name))

        self._events.count(level, key, code, describe)

    def _record(self, level: Level, record: logging.LogRecord) -> None:
        text = record.msg
        template = text if type(text) is str and (record.args or _is_constant_of(record)) and _has_words(text) else ""
        written = exceptions.written_identity(text) if type(text) is str and not template else ""
        key: Hashable = (level, record.name, template or (record.pathname, record.funcName, written))
        if self._events.known(key):
            return

        def describe() -> Description:
            """Only asked where this kind is new: it costs far more than to count."""
            message, typ, stack = exceptions.split_stack(record.getMessage())  # as behind a QueueHandler
            loc = place(record.pathname, record.funcName or "")
            return Description(message, typ, stack or record.exc_text or "", template, record.name, loc)

        self._events.count(level, key, None, describe)


def place(file: str, function: str) -> str:
    """Where a thing was told, as the server groups by it."""
    return f"{file}:{function}"


def _message(exception: BaseException, record: logging.LogRecord | None) -> str:
    """The exception's text, behind that of the record where there is one."""
    text = exceptions.message_of(exception)
    if record is None or record.msg is exception:
        return text
    logged = record.getMessage()
    return logged if text in logged else f"{logged}: {text}"


def _filled(template: object, args: tuple[Any, ...]) -> str:
    """As `logging` does it: one mapping gives values by name. Values that do not fit stand behind."""
    values = args[0] if len(args) == 1 and isinstance(args[0], Mapping) and args[0] else args
    try:
        return str(template) % values
    except (TypeError, ValueError, KeyError):
        return f"{template} {args!r}"


def _has_words(template: str) -> bool:
    """`%s: %s` says nothing of what it is about: all that log so would be one group."""
    return len(template) > _WORDLESS or _WORD.search(_CONVERSION.sub("", template)) is not None


def _is_constant(text: object, code: CodeType) -> bool:
    """Whether the text stands in the code as it is, with no values in it. By identity: equality may be foreign code."""
    return any(constant is text for constant in code.co_consts)


def _is_constant_of(record: logging.LogRecord) -> bool:
    """The same for a record, as long as this is the thread that logs it."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        code = frame.f_code
        if code.co_name == record.funcName and code.co_filename == record.pathname:
            return _is_constant(record.msg, code)
        frame = frame.f_back
    return False
