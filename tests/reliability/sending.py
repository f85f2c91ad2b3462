"""A program that sends what an outbox holds (`sender_program`), and both sides that it sends to."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server import ROOT
from tests.smtp_server import Mailbox, running_mailbox, text_of
from tests.twilio_server import Twilio, running_twilio

CHANNELS = ["email", "sms", "phone"]
ENDED = {"sent", "unknown"}


@dataclass
class Providers:
    """Where mails and what goes by telephone arrive."""

    mailbox: Mailbox
    twilio: Twilio

    @property
    def environment(self) -> dict[str, str]:
        """Of a server that shall send there."""
        return {**self.twilio.settings, "EMAIL_URL": f"smtp://127.0.0.1:{self.mailbox.port}"}

    def copies(self, name: str) -> Counter[str]:
        """How often the incident was told, by channel; a mail in place of a call is `instead`."""
        mails = [text_of(mail) for mail in self.mailbox.mails if f": {name}" in mail["Subject"]]
        instead = sum("That is why this is a mail." in text for text in mails)
        asked = [request for request in self.twilio.requests if name in request.text]
        calls = sum(request.resource == "Calls" for request in asked)
        return Counter(email=len(mails) - instead, sms=len(asked) - calls, phone=calls, instead=instead)


class Program:
    """The running program."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, command: str, at_once: int = 1, **arguments: Any) -> dict[str, Any]:
        """How the processes that ran a command ended, and its result."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"command": command, "arguments": arguments, "at_once": at_once}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def states(self, name: str) -> dict[str, str]:
        """The state of each message of an incident."""
        found: dict[str, str] = self.run("states", name=name)["result"]
        return found


def judge(copies: Counter[str], states: dict[str, str]) -> str:
    """What is amiss after one kill; empty where nothing is."""
    right = 1 <= copies["email"] <= 2 and 1 <= copies["sms"] <= 2 and copies["phone"] <= 1
    honest = copies["phone"] == 1 or (states["phone"], copies["instead"]) == ("unknown", 1)
    return "" if right and honest and set(states.values()) <= ENDED else f"{dict(copies)} {states}"


@contextmanager
def running_providers() -> Iterator[Providers]:
    with running_mailbox() as mailbox, running_twilio() as twilio:
        yield Providers(mailbox, twilio)


@contextmanager
def running_program(data: Path, providers: Providers, database: str = "") -> Iterator[Program]:
    """The program, with an account in the database of `data`, or in that of the URL."""
    environment = {**os.environ, **providers.environment, "DATTSS_DATA": str(data), "DATABASE_URL": database}
    log = data.parent / "sender.log"
    with (
        log.open("wb") as lines,
        subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.sender_program"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=lines,
        ) as process,
    ):
        program = Program(process)
        try:
            assert program.run("prepare")["ends"] == [0], log.read_text()
            yield program
        finally:
            process.kill()
