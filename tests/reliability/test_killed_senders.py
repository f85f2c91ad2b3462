"""Who sends is killed at every step of the way: nobody is told never, by mail or SMS at most twice, by phone once."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pytest

from tests.postgres_server import Postgres
from tests.reliability.sending import CHANNELS, ENDED, Program, Providers, judge, running_program, running_providers

A_LEASE = 4  # minutes, after which others go on
GOING_ON = 2  # times
ONE_EACH = {"email": 1, "sms": 1, "phone": 1, "instead": 0}


@dataclass
class Sending:
    """Incidents one after the other, each an hour later: the one before has nothing to do with it."""

    program: Program
    providers: Providers
    minutes: int = 0

    def begin(self, name: str) -> None:
        self.minutes += 60
        begun = self.program.run("incident", name=name, channels=CHANNELS, minutes=self.minutes)
        assert begun["ends"] == [0]

    def play(self, name: str, kills: list[int]) -> tuple["Counter[str]", dict[str, str]]:
        """An incident whose senders are killed at these lines, one after the other, and then not any more."""
        self.begin(name)
        for at in kills:
            self.program.run("send", minutes=self.minutes, kill_at=at)
            self.minutes += A_LEASE
        for _ in range(GOING_ON):
            assert self.program.run("send", minutes=self.minutes, kill_at=0)["ends"] == [0]
            self.minutes += A_LEASE
        return self.providers.copies(name), self.program.states(name)


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sending]:
    data = tmp_path_factory.mktemp("senders") / "data"
    data.mkdir()
    with running_providers() as providers, running_program(data, providers) as program:
        yield Sending(program, providers)


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sending]:
    data, postgres = tmp_path_factory.mktemp("senders") / "data", Postgres()
    data.mkdir()
    try:
        with running_providers() as providers, running_program(data, providers, postgres.url) as program:
            yield Sending(program, providers)
    finally:
        postgres.end()


@pytest.fixture(scope="module")
def lines(sending: Sending) -> int:
    return lines_of_the_way(sending)


def lines_of_the_way(sending: Sending) -> int:
    """How many lines the way of three messages has."""
    sending.begin("measured")
    count = sending.program.run("send", minutes=sending.minutes, kill_at=0)["result"]
    assert sending.providers.copies("measured") == ONE_EACH
    assert count > 500
    return int(count)


def test_killed_at_every_step_nobody_is_told_never_or_too_often(sending: Sending, lines: int) -> None:
    rounds = 16
    kills = [1 + lines * at // rounds for at in range(rounds)]
    problems = [judge(*sending.play(f"step-{at}-", [at])) for at in kills]
    assert [problem for problem in problems if problem] == []


def test_killed_again_while_going_on(sending: Sending, lines: int) -> None:
    source = Random(1)
    problems = []
    for at in range(4):
        copies, states = sending.play(f"again-{at}-", source.choices(range(1, lines), k=3))
        # Whoever is killed three times may give up one in doubt; nobody is told too often.
        told = sum(copies.values()) > 0 and max(copies.values()) <= 2 and copies["phone"] <= 1
        problems += [] if told and set(states.values()) <= ENDED else [f"{dict(copies)} {states}"]
    assert problems == []


def test_of_many_senders_at_once_one_sends_each(sending: Sending) -> None:
    sending.begin("crowd")
    assert sending.program.run("send", at_once=8, minutes=sending.minutes, kill_at=0)["ends"] == [0] * 8
    assert sending.providers.copies("crowd") == ONE_EACH


def test_on_postgresql_too(on_postgresql: Sending) -> None:
    """Where rows are locked one by one, and not the whole database."""
    rounds, length = 4, lines_of_the_way(on_postgresql)
    for at in (1 + length * number // rounds for number in range(rounds)):
        assert judge(*on_postgresql.play(f"step-{at}-", [at])) == ""
    test_of_many_senders_at_once_one_sends_each(on_postgresql)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(200))
def test_a_sender_killed_at_one_of_200_steps(
    sending: Sending, lines: int, part: int, record_property: Callable[[str, object], None]
) -> None:
    at = 1 + (lines * part + Random(part).randrange(lines)) // 200
    copies, states = sending.play(f"soak-{part}-", [at])
    record_property("copies", dict(copies))
    assert judge(copies, states) == ""
