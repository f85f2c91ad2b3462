"""`Process`: what a program holds in its hand. Threads, forks and the program's end are dealt with here."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import sys
import threading
import time
import weakref
from collections.abc import Iterable
from types import FrameType

from dattss.configuration import DEFAULT_INTERVAL, configure
from dattss.courier import Clock
from dattss.events import Events, Level
from dattss.intake import FULL, Intake
from dattss.reporter import Reporter, SystemClock
from dattss.scrub import Scrubber
from dattss.teller import Teller
from dattss.timer import Timer
from dattss.transport import Transport

log = logging.getLogger("dattss")

LAST_FLUSH = 2.0  # seconds that the end of a program may be delayed at most

_processes: weakref.WeakSet[Process] = weakref.WeakSet()
_first: Process | None = None


class _Run:
    """One life of the delivery thread."""

    def __init__(self) -> None:
        self.ending = False  # no Event: the handler of a signal may stop the program in the middle of another stop
        self.patience = LAST_FLUSH
        self.delivered = False
        self.thread: threading.Thread | None = None
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()  # safe to ring in a signal handler, unlike Event

    def ring(self) -> None:
        """Lets `pause` return."""
        self._bell.put(None)

    def pause(self, seconds: float) -> None:
        """Waits, until somebody rings at most."""
        try:
            self._bell.get(timeout=seconds)
        except queue.Empty:
            return

    def is_alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Process:
    """One tracked process. Made by `dattss.process()`.

    The first `agg()` starts the delivery thread, also in a forked child; `start()` does so before there is a value.
    After `stop()` values wait, bounded, for `start()` or the end of the program.
    """

    def __init__(
        self, name: str, transport: Transport, interval: float, clock: Clock, scrub: Iterable[str] = ()
    ) -> None:
        self.name = name
        self._transport = transport
        self._interval = interval
        self._clock = clock
        self._intake = Intake()
        self._lists = self._intake.lists
        self._events = Events(Scrubber(scrub), clock.monotonic)
        self._teller = Teller(self._events)
        self._stopped = False
        self._begin()
        _enlist(self)

    def agg(self, name: str, value: str) -> None:
        """Takes one value: `agg('query', '153ms')`, `agg('new', '1c')`, `agg('live', '23g')`; a final `!` emphasises.

        Never raises and never waits. A name or value that is none is counted in the stat `dattss.bad`.
        """
        try:
            values = self._lists[name]
            if len(values) < FULL:
                values.append(value)  # may grow beyond FULL by one per thread; why nothing is lost: see Intake
                return
        except Exception:  # noqa: BLE001, S110
            pass  # a new name, or one whose look-up fails: nothing is lost, `_admit` takes it or counts it as bad
        self._admit(name, value)

    def error(self, what: object = None, *args: object) -> None:
        """Tells of an error: `error(exception)`, `error()` where one is handled, `error('payment %s failed', order)`.

        Never raises and never waits. The first of a kind is sent at once, others are counted. Texts are made only for
        those that are sent, secrets in them hidden.
        """
        self.tell("error", what, args, sys._getframe(1))

    def warning(self, what: object = None, *args: object) -> None:
        """Tells of a warning, as `error` does of an error."""
        self.tell("warning", what, args, sys._getframe(1))

    def tell(self, level: Level, what: object, args: tuple[object, ...], caller: FrameType) -> None:
        """`error` or `warning`, as called in the frame `caller`."""
        try:
            self._teller.said(level, what, args, caller)
        except Exception:  # noqa: BLE001 - as in `_admit`
            self._events.count_only(level)
        if self._events.news:
            self._see_to_events()

    def caught(self, exception: BaseException, log: str = "") -> None:
        """Tells of an exception that came to the end of its way; once, whoever reports it besides."""
        try:
            self._teller.caught(exception, log)
        except Exception:  # noqa: BLE001 - as in `_admit`
            self._events.count_only("error")
        self._see_to_events()

    def logged(self, record: logging.LogRecord) -> None:
        """Tells of a record of `logging`, which is a warning or worse."""
        try:
            self._teller.logged(record)
        except Exception:  # noqa: BLE001 - as in `_admit`
            self._events.count_only("error" if record.levelno >= logging.ERROR else "warning")
        self._see_to_events()

    def timer(self, name: str, emphasis: bool = False) -> Timer:
        """Times a block (`with dts.timer('query'):`) or a function (`@dts.timer('query')`), coroutines included."""
        return Timer(self.agg, name, emphasis)

    def start(self) -> None:
        """Starts to deliver, so that the process is seen before its first value. Harmless when it has started."""
        self._stopped = False
        self._start()

    def stop(self, timeout: float = LAST_FLUSH) -> bool:
        """Delivers what is there and stops. Takes about `timeout` seconds at most; says whether all was delivered."""
        self._stopped = True
        self._ask_to_end(timeout)
        return self._await_end(timeout)

    def _admit(self, name: object, value: object) -> None:
        try:
            self._intake.admit(name, value)
            if not self._stopped:
                self._start()
        except Exception:  # noqa: BLE001 - the program that we count for must not suffer for any argument
            self._intake.reject(name)

    def _see_to_events(self) -> None:
        if not self._events.news:
            return
        self._events.news = False
        if not self._stopped:
            self._start()
        if self._events.urgent:
            self._run.ring()

    def _begin(self) -> None:
        """A new process instance: with its own id, and with locks that nobody holds."""
        self._reporter = Reporter(self.name, self._intake, self._events, self._transport, self._interval, self._clock)
        self._run = _Run()
        self._starting = threading.Lock()
        self._delivering = threading.Lock()  # the reporter is for one thread, should an old one still be stuck in it

    def _after_fork(self) -> None:
        self._intake.forget()
        self._events.forget()
        self._teller.begin()
        self._transport.abandon()  # the parent's connection: both would talk on it
        self._begin()

    def _start(self) -> None:
        if self._run.is_alive() and not self._run.ending:
            return
        if not self._starting.acquire(blocking=False):
            return  # another thread is at it, or this one, interrupted by its own signal handler
        try:
            if self._run.is_alive() and not self._run.ending:
                return
            run = _Run()
            run.thread = threading.Thread(target=self._deliver, args=(run,), name="dattss", daemon=True)
            run.thread.start()
            self._run = run
            self._flush_before_a_child_ends()
        except RuntimeError as error:  # no more threads; or the interpreter ends, and the last flush has the value
            log.warning("process %s cannot start the thread that delivers: %s", self.name, error)
        finally:
            self._starting.release()

    def _deliver(self, run: _Run) -> None:
        with self._delivering:
            while not run.ending:
                run.pause(self._step())
            run.delivered = self._finish(run.patience)

    def _step(self) -> float:
        try:
            return self._reporter.step()
        except Exception:  # the thread must live on, whatever it was
            log.exception("process %s: an interval was not delivered", self.name)
            return self._interval

    def _finish(self, seconds: float) -> bool:
        try:
            return self._reporter.finish(seconds)
        except Exception:  # as above: stop() never raises
            log.exception("process %s: the last interval was not delivered", self.name)
            return False

    def _ask_to_end(self, patience: float) -> None:
        run = self._run
        run.patience = patience
        run.ending = True
        run.ring()

    def _await_end(self, seconds: float) -> bool:
        """Waits for the thread's last flush; flushes here when there is no thread (any more)."""
        run = self._run
        begun = time.monotonic()
        if run.thread is not None and run.is_alive():
            run.thread.join(max(seconds, 0.0))
            return run.delivered and not run.is_alive()
        left = max(seconds - (time.monotonic() - begun), 0.0)
        if not self._delivering.acquire(timeout=left):
            return False
        try:
            return self._finish(left)
        finally:
            self._delivering.release()

    def _flush_before_a_child_ends(self) -> None:
        """Children of `multiprocessing` end without `atexit`; they have an exit list of their own."""
        endings = sys.modules.get("multiprocessing.util")  # never imported for those who do not use it
        if endings is not None and sys.modules["multiprocessing"].parent_process() is not None:
            endings.Finalize(None, self.stop, exitpriority=0)


class SilentProcess(Process):
    """Stands in where there is no key or no server's address: takes everything, keeps nothing."""

    def __init__(self, name: str) -> None:
        self.name = name

    def agg(self, name: str, value: str) -> None:
        """Does nothing."""

    def tell(self, level: Level, what: object, args: tuple[object, ...], caller: FrameType) -> None:
        """Does nothing."""

    def caught(self, exception: BaseException, log: str = "") -> None:
        """Does nothing."""

    def logged(self, record: logging.LogRecord) -> None:
        """Does nothing."""

    def start(self) -> None:
        """Does nothing."""

    def stop(self, timeout: float = LAST_FLUSH) -> bool:  # noqa: ARG002 - the interface of Process
        """Does nothing. True: nothing is left to deliver."""
        return True


def process(  # noqa: PLR0913, PLR0917 - all settings
    name: str | None = None,
    auth: str | None = None,
    url: str | None = None,
    interval: float = DEFAULT_INTERVAL,
    clock: Clock | None = None,
    scrub: Iterable[str] = (),
) -> Process:
    """The process to track: `dts = dattss.process('api')`.

    Defaults: `name` from DATTSS_PROCESS, else the script's name; `auth`, the commit key, from DATTSS_AUTH_KEY; `url`,
    the server's address, from DATTSS_URL, else http://127.0.0.1:8000. `interval`: seconds between commits, until the
    server asks for others. `scrub`: words; in texts of errors the values of keys that have one in them are hidden, as
    those of passwords and tokens are. Never raises: without a usable key or address it logs a warning and values go
    nowhere.
    """
    settings = configure(name, auth, url, interval, scrub, os.environ)
    for problem in settings.problems:
        log.warning("process %s: %s", settings.name, problem)
    if not settings.auth:
        return SilentProcess(settings.name)
    try:
        transport = Transport(settings.url, settings.auth)
    except ValueError as error:
        log.warning("process %s: values are not sent; DATTSS_URL or url= is %s", settings.name, error)
        return SilentProcess(settings.name)
    return Process(settings.name, transport, settings.interval, clock or SystemClock(), settings.scrub)


def first_made() -> Process | None:
    """The process that the program has made first, whether it still holds it or not."""
    return _first


def _enlist(made: Process) -> None:
    global _first  # noqa: PLW0603 - what hooks and handlers tell to
    _processes.add(made)
    _first = _first or made


def _after_fork() -> None:
    for tracked in list(_processes):
        tracked._after_fork()


def _at_exit() -> None:
    tracked = list(_processes)
    for each in tracked:  # all at once, then wait for all: the end is delayed once, not once for each
        each._ask_to_end(LAST_FLUSH)
    deadline = time.monotonic() + LAST_FLUSH
    for each in tracked:
        each._await_end(max(deadline - time.monotonic(), 0.0))


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
