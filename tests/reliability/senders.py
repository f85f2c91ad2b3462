"""Who sends while things fail: clients that number their commits, and a program that uses the real Python client."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any, Protocol

from tests.reliability.ledger import Ledger, Tally, tally
from tests.server import ROOT, Keys
from tests.stats.commits import body, partial

GIVE_UP_SECONDS = 150.0
ANSWER_SECONDS = 5.0  # what a client waits for an answer
PACE_SECONDS = 0.02  # between two commits, so that the processor is free for the server
TURNS = 100  # counters that take turns, so that a flush has many files to write: more than its plan takes
_HELD = 100.0  # seconds by which some commits come late
_PAUSE = threading.Event()  # never set: between two attempts


class Source(Protocol):
    """Something that sends, and keeps a ledger of what was acknowledged."""

    ledger: Ledger
    problem: str

    def start(self) -> None: ...

    def finish(self) -> None:
        """Ends when all that it has is acknowledged."""

    def abandon(self) -> None:
        """Ends at once: the round has failed."""


class Sender(threading.Thread):
    """A client that sends each commit until it is acknowledged, as the real ones do; with `twice` always once more.

    `pace` are the seconds between two commits.
    """

    def __init__(
        self, port: int, keys: Keys, name: str, *, twice: bool, source: Random, pace: float = PACE_SECONDS
    ) -> None:
        super().__init__(name=name)
        self.ledger = Ledger()
        self.problem = ""
        self._keys = keys
        self._twice = twice
        self._source = source
        self._pace = pace
        self._finished = threading.Event()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)

    def run(self) -> None:
        while not (self.problem or self._finished.wait(self._pace)):
            self._send_one(self.ledger.commits)
        self._connection.close()

    def finish(self) -> None:
        self._finished.set()
        self.join(GIVE_UP_SECONDS + ANSWER_SECONDS)

    def abandon(self) -> None:
        self.problem = self.problem or f"{self.name}: abandoned"
        self.finish()

    def _send_one(self, number: int) -> None:
        counted: list[float] = [number % 7 + 1]
        timed: list[float] = [number % 11, number % 13 + 0.5]
        turn = f"turn{number % TURNS}"
        message = f"{self.name} {number}"
        failed = number % 10 == 0
        commit = body(
            self.name,
            partial("count", counted),
            partial(turn, counted),
            partial("time", timed, "ms"),
            iid=f"iid-{self.name}",
            seq=number,
            evt=[{"lvl": "error", "msg": message}] if failed else [],
        )
        if not self._deliver(commit, _HELD if self._source.random() < 0.1 else 0.0):
            return
        self.ledger.enter((self.name, "c", "count"), tally(counted))
        self.ledger.enter((self.name, "c", turn), tally(counted))
        self.ledger.enter((self.name, "ms", "time"), tally(timed))
        if failed:
            self.ledger.errors.setdefault(self.name, []).append(message)
        self.ledger.commits += 1

    def _deliver(self, commit: dict[str, Any], held: float) -> bool:
        made = time.monotonic()
        wanted = 2 if self._twice else 1
        while not self.problem and time.monotonic() - made < GIVE_UP_SECONDS:
            status = self._status({**commit, "age": held + time.monotonic() - made})
            if status == 200:
                wanted -= 1
                if not wanted:
                    return True
                self.ledger.repeats += 1
            elif status not in (0, 503):
                self.problem = f"{self.name}: a commit was answered with {status}"
                return False
            else:
                _PAUSE.wait(self._pace)
        self.problem = self.problem or f"{self.name}: no answer for {GIVE_UP_SECONDS:.0f} s"
        return False

    def _status(self, commit: dict[str, Any]) -> int:
        """What the server answers; 0 for no answer."""
        try:
            self._connection.request(
                "PUT", "/agg", json.dumps(commit).encode(), {"Authorization": f"Bearer {self._keys.key}"}
            )
            response = self._connection.getresponse()
            response.read()
        except (OSError, HTTPException):
            self._connection.close()
            return 0
        return response.status


class Program:
    """`tests.reliability.program`: a program that counts with the Python client. It can be ended and started again."""

    def __init__(self, url: str, keys: Keys, name: str) -> None:
        self.ledger = Ledger()
        self.problem = ""
        self._name = name
        paths = f"{ROOT / 'clientlib' / 'python'}{os.pathsep}{ROOT}"
        self._environment = {**os.environ, "DATTSS_URL": url, "DATTSS_AUTH_KEY": keys.key, "PYTHONPATH": paths}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.program", self._name],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> None:
        """Ends the program, which delivers what it has and tells what that was."""
        if self._process is None:
            return
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "counting\n"  # before that a signal would end it without a word
        self._process.send_signal(signal.SIGTERM)
        told, log = self._end(self._process)
        self._process = None
        assert told, f"{self._name} did not end, or ended without a word:\n{log}"
        report = json.loads(told)
        if not report["delivered"]:
            self.problem = f"{self._name}: the client could not deliver what it had:\n{log}"
        self.ledger.folded[self._name] = self.ledger.folded.get(self._name, 0) + report["errors"]
        for kind, name in (("c", "count"), ("ms", "time")):
            if report[kind]["cnt"]:
                self.ledger.enter((self._name, kind, name), Tally(**report[kind]))

    @staticmethod
    def _end(process: "subprocess.Popen[str]") -> tuple[str, str]:
        """What it told at its end, nothing where it had to be ended, and its log: what the server answered, or where
        each of its threads stood."""
        try:
            return process.communicate(timeout=GIVE_UP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            return "", process.communicate()[1]

    def abandon(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
