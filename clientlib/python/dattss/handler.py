"""`dattss.LoggingHandler`: what a program logs, from WARNING on, is told to the server."""

from __future__ import annotations

import logging
from typing import Any

from dattss.default import main_process
from dattss.tracker import Process


class LoggingHandler(logging.Handler):
    """`logging.getLogger().addHandler(dattss.LoggingHandler())`.

    WARNING becomes a warning, ERROR and above an error of `process`, else of the first process that the program has
    made. What DaTtSs logs itself is left out. Takes no lock, so that no thread waits for another.
    """

    def __init__(self, process: Process | None = None, level: int | str = logging.WARNING) -> None:
        super().__init__(level)
        self._process = process

    def createLock(self) -> None:  # noqa: N802 - the base class has it
        """None: nothing here needs one."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> Any:
        """Filters, then emits."""
        kept = self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return kept

    def emit(self, record: logging.LogRecord) -> None:
        """Counts the record."""
        if record.levelno < logging.WARNING or record.name.partition(".")[0] == "dattss":
            return
        (self._process or main_process()).logged(record)
