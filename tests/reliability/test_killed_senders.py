"""Who sends is killed at every step of the way: nobody is told never, by mail or SMS at most twice, by phone once."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.server import ROOT
from tests.smtp_server import Mailbox, running_mailbox, text_of
from tests.twilio_server import Twilio, running_twilio

CHANNELS = ["email", "sms", "phone"]
A_LEASE = 4  # minutes, after which others go on
GOING_ON = 2  # times
ENDED = {"sent", "unknown"}
ONE_EACH = {"email": 1, "sms": 1, "phone": 1, "instead": 0}


@dataclass
class Program:
    """The sender, and both sides that it sends to."""

    process: "subprocess.Popen[str]"
    mailbox: Mailbox
    twilio: Twilio
    minutes: int = 0  # that have passed

    def run(self, command: str, at_once: int = 1, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"command": command, "arguments": arguments, "at_once": at_once}
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def begin(self, name: str) -> None:
        """A new incident, an hour later: the one before has nothing to do with it."""
        self.minutes += 60
        assert self.run("incident", name=name, channels=CHANNELS, minutes=self.minutes)["ends"] == [0]

    def copies(self, name: str) -> Counter[str]:
        """How often the incident was told, by channel; a mail in place of a call is `instead`."""
        mails = [text_of(mail) for mail in self.mailbox.mails if f": {name}" in mail["Subject"]]
        instead = sum("That is why this is a mail." in text for text in mails)
        asked = [request for request in self.twilio.requests if name in request.text]
        calls = sum(request.resource == "Calls" for request in asked)
        return Counter(email=len(mails) - instead, sms=len(asked) - calls, phone=calls, instead=instead)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    data: Path = tmp_path_factory.mktemp("senders")
    with running_mailbox() as mailbox, running_twilio() as twilio:
        environment = {
            **os.environ,
            **twilio.settings,
            "DATTSS_DATA": str(data),
            "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
        }
        with (
            (data / "log").open("wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", "tests.reliability.sender_program"],
                cwd=ROOT,
                env=environment,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            ) as process,
        ):
            started = Program(process, mailbox, twilio)
            assert started.run("prepare")["ends"] == [0], (data / "log").read_text()
            yield started
            process.kill()


def play(program: Program, name: str, kills: list[int]) -> tuple[Counter[str], dict[str, str]]:
    """An incident whose senders are killed at these lines, one after the other, and then not any more."""
    program.begin(name)
    for at in kills:
        program.run("send", minutes=program.minutes, kill_at=at)
        program.minutes += A_LEASE
    for _ in range(GOING_ON):
        assert program.run("send", minutes=program.minutes, kill_at=0)["ends"] == [0]
        program.minutes += A_LEASE
    return program.copies(name), program.run("states", name=name)["result"]


def judge(copies: Counter[str], states: dict[str, str]) -> str:
    """What is amiss; empty where nothing is."""
    right = 1 <= copies["email"] <= 2 and 1 <= copies["sms"] <= 2 and copies["phone"] <= 1
    honest = copies["phone"] == 1 or (states["phone"], copies["instead"]) == ("unknown", 1)
    ended = set(states.values()) <= ENDED
    return "" if right and honest and ended else f"{dict(copies)} {states}"


@pytest.fixture(scope="module")
def lines(program: Program) -> int:
    """How many lines the way of three messages has."""
    program.begin("measured")
    count = program.run("send", minutes=program.minutes, kill_at=0)["result"]
    assert program.copies("measured") == ONE_EACH
    assert count > 500
    return int(count)


def test_killed_at_every_step_nobody_is_told_never_or_too_often(program: Program, lines: int) -> None:
    rounds = 16
    kills = [1 + lines * at // rounds for at in range(rounds)]
    problems = [judge(*play(program, f"step-{at}-", [at])) for at in kills]
    assert [problem for problem in problems if problem] == []


def test_killed_again_while_going_on(program: Program, lines: int) -> None:
    source = Random(1)
    problems = []
    for at in range(4):
        copies, states = play(program, f"again-{at}-", source.choices(range(1, lines), k=3))
        # Whoever is killed three times may give up one in doubt; nobody is told too often.
        told = sum(copies.values()) > 0 and max(copies.values()) <= 2 and copies["phone"] <= 1
        problems += [] if told and set(states.values()) <= ENDED else [f"{dict(copies)} {states}"]
    assert problems == []


def test_of_many_senders_at_once_one_sends_each(program: Program) -> None:
    program.begin("crowd")
    assert program.run("send", at_once=8, minutes=program.minutes, kill_at=0)["ends"] == [0] * 8
    assert program.copies("crowd") == ONE_EACH


@pytest.mark.soak
@pytest.mark.parametrize("part", range(200))
def test_a_sender_killed_at_one_of_200_steps(
    program: Program, lines: int, part: int, record_property: Callable[[str, object], None]
) -> None:
    at = 1 + (lines * part + Random(part).randrange(lines)) // 200
    copies, states = play(program, f"soak-{part}-", [at])
    record_property("copies", dict(copies))
    assert judge(copies, states) == ""
