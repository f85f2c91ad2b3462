"""PostgreSQL, Redis, two shards with a Celery worker each: every incident is one, and is told once, whatever fails.

One fleet for all tests, which follow each other: minutes pass on its clock, of which nothing can be skipped that a rule
is to judge by.
"""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from pytest_django import Settings

from alerts import tasks
from tests.fleet import Fleet
from tests.postgres_server import Postgres
from tests.reliability.scene import Scene
from tests.reliability.surroundings import ServerClock, no_clock
from tests.server import Keys, wait_for
from tests.smtp_server import Mailbox, running_mailbox, text_of
from tests.stats.commits import body, partial
from tests.stats.test_account_move import Command
from tests.web_browser import WebBrowser

MINUTE = 90.0
CANARY_MINUTES = 5
_SETUP = """
from django.utils import timezone
from accounts.models import Account, Contact
from alerts.models import Escalation, EscalationStep, Rule
for account in Account.objects.exclude(pk=0):
    person = account.members.get()
    contact, _ = Contact.objects.update_or_create(
        account=account, user=person, medium="email", address=person.email, defaults={"confirmed": timezone.now()})
    escalation = Escalation.objects.create(account=account, name="All")
    for position, after in enumerate((0, 300)):
        EscalationStep.objects.create(
            escalation=escalation, position=position, after_seconds=after, channel="email", contact=contact)
    for name in ("orders", "late", "falls", "stays"):
        Rule.objects.create(
            account=account, name=name, escalation=escalation, target_kind="stat", target=f"api/c/{name}",
            condition={"kind": "above", "limit": 10, "minutes": 1, "recovery_minutes": 1})
"""
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_ADDRESSES = "SELECT account_id, email FROM accounts_user JOIN accounts_membership m ON m.user_id = accounts_user.id"


@dataclass
class Town:
    """A fleet of two data servers, on a clock that can be set, and accounts with rules on both."""

    fleet: Fleet
    clock: ServerClock
    mailbox: Mailbox
    accounts: dict[str, Keys]
    addresses: dict[str, str]

    def commit(self, name: str, by: int, **values: float) -> None:
        """A commit of an account that comes to this server."""
        commit = body("api", *(partial(stat, [value]) for stat, value in values.items()))
        assert self.fleet.shards[by].commit(self.accounts[name].key, commit).status == 200

    def begin_minute(self, of_five: int | None = None) -> None:
        """The clock is set shortly before a minute, perhaps the so many-th of five: that one is whole."""
        at = self.clock.now()
        minutes = 0 if of_five is None else (of_five - 1 - (at + 6) // 60) % CANARY_MINUTES
        self.clock.step(minutes * 60 + (54 - at) % 60)  # servers notice it within two seconds
        begun = self.clock.now() // 60
        wait_for(lambda: self.clock.now() // 60 > begun and self.clock.now() % 60 > 1, 10, "the next minute")

    def wait_for_second(self, second: float) -> None:
        wait_for(lambda: self.clock.now() % 60 >= second, 60, f"second {second} of the minute")

    def told(self, name: str) -> Counter[str]:
        """The mails to an account's person, by what they tell of."""
        mails = [mail for mail in self.mailbox.mails if mail["To"] == self.addresses[name]]
        return Counter(
            ("over: " if text_of(mail).startswith("Resolved") else "") + str(mail["Subject"]).split()[2]
            for mail in mails
        )

    def incidents(self, name: str) -> list[tuple[str, str]]:
        """Target and state of an account's incidents."""
        account = self.accounts[name].account
        columns = "target, state FROM alerts_incident"
        return [
            (one, two) for one, two in self.fleet.query(f"SELECT {columns} WHERE account_id = {account} ORDER BY id")
        ]

    def answer(self, name: str, do: str, by: int) -> str:
        """The page after the link of the account's newest mail was used at this server."""
        mail = [mail for mail in self.mailbox.mails if mail["To"] == self.addresses[name]][-1]
        found = re.search(r"http\S+/alerts/answer/\S+", text_of(mail))
        assert found
        return WebBrowser(self.fleet.shards[by]).submit(urlsplit(found[0]).path, do=do).text

    def worker(self, shard: int) -> list[psutil.Process]:
        """A shard's Celery worker and its pool."""
        worker = Scene(self.fleet.shards[shard], self.clock, None, None).worker()
        return [worker, *worker.children(recursive=True)]

    def verified(self, shard: int) -> bool:
        """Whether a canary has come through on a shard, in its own folder."""
        return (self.fleet.shards[shard].data / "alerting" / f"shard-{shard}").exists()

    def waiting(self) -> int:
        """How many messages are due, or being sent."""
        due = f"state = 'claimed' OR (state = 'pending' AND due <= to_timestamp({self.clock.now()}))"
        return int(self.fleet.query(f"SELECT count(*) FROM alerts_notification WHERE {due}")[0][0])

    def problems(self, shard: int) -> list[str]:
        found: list[str] = self.fleet.shards[shard].request("GET", "/readyz").json["problems"]
        return found


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    if no_clock():
        pytest.skip(no_clock())
    folder: Path = tmp_path_factory.mktemp("shards")
    postgres, clock = Postgres(), ServerClock(folder / "clock")
    with running_mailbox() as mailbox:
        mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"}
        environment: dict[str, Any] = {"DATABASE_URL": postgres.url, **mail, **clock.environment}
        fleet = Fleet(folder, shards=2, **environment)
        try:
            fleet.start()
            accounts = {name: fleet.account_on(shard) for name, shard in (("near", 0), ("mover", 0), ("far", 1))}
            done = fleet.shards[0].manage("shell", "-c", _SETUP)
            assert done.returncode == 0, done.stderr
            addresses = dict(fleet.query(_ADDRESSES))
            yield Town(fleet, clock, mailbox, accounts, {name: addresses[of.account] for name, of in accounts.items()})
        finally:
            fleet.end()
            postgres.end()


def test_each_account_is_told_once_and_only_the_server_that_owns_it_judges_it(town: Town) -> None:
    town.begin_minute(of_five=0)
    town.commit("near", by=1, orders=12)
    town.commit("mover", by=0, orders=12)
    town.commit("far", by=0, orders=12)
    frozen = town.worker(1)
    town.wait_for_second(55)
    for process in frozen:
        process.suspend()
    try:
        wait_for(lambda: town.told("near") and town.told("mover"), MINUTE, "the mails of shard 0")
        assert town.incidents("far") == []
    finally:
        for process in frozen:
            process.resume()
    wait_for(lambda: town.told("far"), MINUTE, "the mail of shard 1")
    for name in town.accounts:
        assert (town.incidents(name), town.told(name)) == ([("api/c/orders", "firing")], Counter(orders=1))
    wait_for(lambda: town.verified(0) and town.verified(1), MINUTE, "a canary of each server")
    assert [town.problems(shard) for shard in (0, 1)] == [[], []]
    assert not [server.log for server in town.fleet.shards if "Traceback" in server.log.read_text()]


def test_an_answer_at_any_server_stops_the_next_step_and_waits_for_an_evaluation(town: Town) -> None:
    assert "Done." in town.answer("far", "acknowledge", by=0)
    account = town.accounts["near"].account
    with (
        psycopg.connect(town.fleet.shards[0].environment["DATABASE_URL"]) as evaluation,
        ThreadPoolExecutor(1) as aside,
    ):
        evaluation.execute("UPDATE alerts_progress SET version = version + 1 WHERE account_id = %s", (account,))
        page = aside.submit(town.answer, "near", "resolve", 1)
        wait_for(lambda: town.fleet.query(_WAITING) == [(1,)], 10, "the answer to wait")
        evaluation.commit()
        assert "Done." in page.result()
    assert (town.incidents("near"), town.incidents("far")) == (
        [("api/c/orders", "resolved")],
        [("api/c/orders", "acknowledged")],
    )
    states = town.fleet.query(f"SELECT data FROM alerts_progress WHERE account_id = {account}")
    assert b"api/c/orders" not in states[0][0]


def test_a_redis_that_dies_while_mails_are_sent_loses_none_and_doubles_none(town: Town) -> None:
    before = len(town.mailbox.mails)
    release = town.mailbox.hold()
    town.clock.step(300)
    wait_for(lambda: len(town.mailbox.mails) > before, 30, "a mail to be held")
    town.fleet.stop_redis()
    release()
    town.fleet.start_redis()
    wait_for(lambda: town.told("mover") == Counter(orders=2), MINUTE, "the next steps of what burns")
    wait_for(lambda: town.waiting() == 0, MINUTE, "the outbox to be empty")
    assert town.told("far") == Counter(orders=1)


@pytest.mark.soak
def test_what_crosses_its_limit_while_redis_is_away_is_told_once(town: Town) -> None:
    town.begin_minute()
    town.commit("near", by=0, late=12)
    town.commit("far", by=1, late=12)
    town.wait_for_second(57)
    town.fleet.stop_redis()
    wait_for(lambda: town.clock.now() % 60 < 30, 10, "the minute's end")
    town.fleet.start_redis()
    wait_for(lambda: town.told("near")["late"] and town.told("far")["late"], MINUTE, "the mails of that minute")
    wait_for(lambda: town.waiting() == 0, MINUTE, "the outbox to be empty")
    assert (town.told("near")["late"], town.told("far")["late"]) == (1, 1)


@pytest.mark.soak
@pytest.mark.timeout(400)  # three minutes have to pass
def test_a_moved_account_keeps_what_burns(town: Town) -> None:
    town.begin_minute()
    town.commit("mover", by=0, falls=12, stays=12)
    wait_for(lambda: len(town.told("mover") & Counter(falls=1, stays=1)) == 2, MINUTE, "the mails of that minute")
    Command(town.fleet.shards[0], town.accounts["mover"]).finish()
    assert town.fleet.shard_of(town.accounts["mover"]) == 1
    town.begin_minute()
    town.commit("mover", by=0, falls=1, stays=12)
    wait_for(lambda: town.told("mover")["over: falls"], MINUTE, "the mail that it is over")
    wait_for(lambda: town.waiting() == 0, MINUTE, "the outbox to be empty")
    assert town.incidents("mover")[-2:] == [("api/c/falls", "resolved"), ("api/c/stays", "firing")]
    told = town.told("mover")
    assert (told["falls"], told["stays"], told["over: falls"], told["over: stays"]) == (1, 1, 1, 0)


def test_what_beat_asks_for_after_a_flush_can_be_done_and_goes_to_the_queue_of_the_shard(settings: Settings) -> None:
    link = settings.CELERY_BEAT_SCHEDULE["flush-0"]["options"]["link"]
    assert signature(tasks.evaluate.run).bind(*link.args, **link.kwargs).arguments == {"shard": 0}
    assert link.options["queue"] == "shard-0"
