"""Codes on a real server, guessed by many requests at once, and with a provider that is slow."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.server import Reply, Server, running, wait_for
from tests.twilio_server import Twilio, running_twilio
from tests.visitor import Visitor

WRONG = b"This code is not right, or not any more"
AT_ONCE = 24


@pytest.fixture(scope="module")
def telephone() -> Iterator[Twilio]:
    with running_twilio() as twilio:
        yield twilio


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory, telephone: Twilio) -> Iterator[Server]:
    """A server that sends by way of `telephone`."""
    yield from running(tmp_path_factory.mktemp("connected") / "data", **telephone.settings)


def person(server: Server, email: str) -> tuple[Visitor, str]:
    """Somebody with his page of contacts."""
    account = server.new_account(email).account
    return Visitor(server).log_in(email), f"/a/{account}/contacts/"


def rows(server: Server, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(Path(server.data) / "dattss.sqlite3")) as database:
        return database.execute(question).fetchall()


def contact_id(server: Server, number: str) -> int:
    ((found,),) = rows(server, f"SELECT id FROM accounts_contact WHERE address = '{number}'")
    assert isinstance(found, int)
    return found


def test_however_many_guess_at_once_only_three_tries_count(connected: Server, telephone: Twilio) -> None:
    number = "+4915123450001"
    visitor, page = person(connected, "guesser@example.org")
    assert visitor.post(f"{page}phone/", {"address": number}).status == 200
    code = telephone.requests[-1].code
    contact = contact_id(connected, number)
    confirm = f"{page}{contact}/confirm/"

    def guess(step: int) -> Reply:
        return visitor.post(confirm, {"code": f"{(int(code) + step) % 10**6:06}"})

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = list(crowd.map(guess, range(1, AT_ONCE + 1)))
    assert {answer.status for answer in answers} == {200}
    assert all(WRONG in answer.body for answer in answers)
    assert rows(connected, f"SELECT tries FROM accounts_confirmation WHERE contact_id = {contact}") == [(3,)]
    assert WRONG in guess(0).body
    assert rows(connected, f"SELECT confirmed FROM accounts_contact WHERE id = {contact}") == [(None,)]


def test_however_many_ask_at_once_a_number_gets_three_codes(connected: Server, telephone: Twilio) -> None:
    number = "+4915123450002"
    visitor, page = person(connected, "asker@example.org")
    visitor.post(f"{page}phone/", {"address": number})
    send = f"{page}{contact_id(connected, number)}/send/"
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = list(crowd.map(lambda _: visitor.post(send, {"way": "sms"}), range(AT_ONCE)))
    assert {answer.status for answer in answers} == {200}
    # Of those that come in the same instant all may be refused; never is one too many let through.
    assert sum(asked.to == number for asked in telephone.requests) <= 3
    visitor.post(send, {"way": "sms"})
    visitor.post(send, {"way": "sms"})
    assert sum(asked.to == number for asked in telephone.requests) == 3


def test_while_the_provider_is_slow_everybody_else_is_served(connected: Server, telephone: Twilio) -> None:
    slow, quick = "+4915123450003", "+4915123450004"
    visitor, page = person(connected, "waiting@example.org")
    other, other_page = person(connected, "served@example.org")
    release = telephone.hold(slow)
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(visitor.post, f"{page}phone/", {"address": slow})
        wait_for(lambda: any(asked.to == slow for asked in telephone.requests), 10, "the slow request to be made")
        assert other.post(f"{other_page}phone/", {"address": quick}).status == 200
        assert telephone.requests[-1].to == quick
        assert not waiting.done()
        release.set()
        assert b"A code of six digits was sent" in waiting.result(20).body


def test_neither_codes_nor_numbers_are_in_the_servers_log(connected: Server, telephone: Twilio) -> None:
    number = "+4915123450005"
    visitor, page = person(connected, "logged@example.org")
    telephone.refuse(number, 400, 21211)
    refused = visitor.post(f"{page}phone/", {"address": number})
    assert b"Twilio says that this is not a valid phone number." in refused.body
    log = connected.log.read_text()
    assert "error 21211" in log
    assert number[1:] not in log
    assert telephone.requests[-1].code not in log
