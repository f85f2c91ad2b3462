"""`kill -9` at random moments: what was acknowledged is there, once, whatever was going on."""

import random
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.reliability.ledger import Sender, live, on_disk
from tests.server import Keys, Server, wait_for

SENDERS = 4


def acknowledged(senders: list[Sender]) -> int:
    return sum(sender.acknowledged for sender in senders)


def reached(senders: list[Sender], wanted: int) -> bool:
    return acknowledged(senders) >= wanted


def round_of_kills(server: Server, keys: Keys, kills: int, source: random.Random) -> list[Sender]:
    """Senders that never stop while the server is killed and started again; returns them when they are done."""
    finished = threading.Event()
    senders = [Sender(server, keys, f"p{number}", finished.is_set) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for _ in range(kills):
        wanted = acknowledged(senders) + source.randint(1, 120)
        wait_for(partial(reached, senders, wanted), 60, "more commits")
        server.kill()
        server.start()
    finished.set()
    for sender in senders:
        sender.join(120)
    assert [sender.problem for sender in senders] == [""] * SENDERS
    return senders


def assert_ledger_holds(server: Server, keys: Keys, senders: list[Sender]) -> None:
    expected = {f"p{number}": sender.sums for number, sender in enumerate(senders)}
    assert live(server, keys) == {process: sums["c"] for process, sums in expected.items()}
    assert server.stop() == 0
    assert {process: on_disk(server, keys, process) for process in expected} == expected


def test_killed_servers_lose_and_double_nothing(new_server: Callable[..., Server]) -> None:
    server = new_server(DATTSS_RATE_LIMIT="0")
    keys = server.new_account("alice@example.org")
    senders = round_of_kills(server, keys, 5, random.Random(1))
    assert_ledger_holds(server, keys, senders)


def test_killed_around_the_flush(new_server: Callable[..., Server]) -> None:
    """The moments after a minute's end are those in which lines are written: three kills in there."""
    server = new_server(DATTSS_RATE_LIMIT="0")
    keys = server.new_account("alice@example.org")
    finished = threading.Event()
    senders = [Sender(server, keys, f"p{number}", finished.is_set) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    wait_for(lambda: time.time() % 60 > 59.9, 61, "the end of a minute")
    wait_for(lambda: bool(server.lines(keys.account, "p0", "c", "count")), 20, "the first line of the flush")
    server.kill()
    server.start()
    finished.set()
    for sender in senders:
        sender.join(120)
    assert [sender.problem for sender in senders] == [""] * SENDERS
    assert_ledger_holds(server, keys, senders)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_a_hundred_rounds_of_kills(new_server: Callable[..., Server], seed: int) -> None:
    source = random.Random(seed)
    server = new_server(DATTSS_RATE_LIMIT="0", DATTSS_FSYNC=source.choice(["interval", "always"]))
    keys = server.new_account("alice@example.org")
    senders = round_of_kills(server, keys, source.randint(2, 6), source)
    assert_ledger_holds(server, keys, senders)
