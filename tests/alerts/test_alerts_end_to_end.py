"""A real server with a real program: how soon a person is told."""

import re
import subprocess
import sys
import time
from collections.abc import Callable

from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial

_RULE = """
import json, sys
from django.utils import timezone
from accounts.models import Account, Contact, User
from alerts.models import Escalation, EscalationStep, Rule
account = Account.objects.get(pk={account})
person = account.members.get()
contact, _ = Contact.objects.get_or_create(
    account=account, user=person, medium="email", address=person.email, defaults={{"confirmed": timezone.now()}})
escalation, _ = Escalation.objects.get_or_create(account=account, name="All")
EscalationStep.objects.get_or_create(
    escalation=escalation, position=0, defaults={{"channel": "email", "contact": contact}})
Rule.objects.create(account=account, name="R", escalation=escalation, **json.loads('{rule}'))
"""
_PROGRAM = """
import dattss, time
tracked = dattss.process("worker", auth="{key}", url="{url}")
tracked.start()
while True:
    tracked.agg("jobs", "1c")
    time.sleep(0.1)
"""


def rule_on(server: Server, keys: Keys, rule: str) -> None:
    done = server.manage("shell", "-c", _RULE.format(account=keys.account, rule=rule))
    assert done.returncode == 0, done.stderr


def mailed(server: Server, text: str) -> Callable[[], str]:
    """The mail in the outbox that has this text."""

    def newest() -> str:
        texts = [path.read_text() for path in (server.data / "outbox").glob("*")]
        return next((one for one in texts if re.search(text, one)), "")

    return newest


def test_a_value_over_the_limit_is_mailed_within_75_seconds_and_with_it_one_that_came_late(
    server: Server, keys: Keys
) -> None:
    """The second rule needs the values of two minutes, and those of the first are sent after it is over."""
    rule_on(
        server,
        keys,
        '{"target_kind": "stat", "target": "api/c/orders", "condition": {"kind": "above", "limit": 10, "minutes": 1}}',
    )
    rule_on(
        server,
        keys,
        '{"target_kind": "stat", "target": "api/c/refunds",'
        ' "condition": {"kind": "above", "limit": 5, "minutes": 2, "of": 4}}',
    )
    wait_for_a_whole_minute(server)
    begun = time.monotonic()
    assert server.commit(keys.key, body("api", partial("refunds", [7]), age=75)).status == 200
    assert server.commit(keys.key, body("api", partial("orders", [12]), partial("refunds", [6]))).status == 200
    mail = wait_for(mailed(server, r"orders 12/min, above 10/min"), 75, "the mail")
    assert time.monotonic() - begun <= 75
    assert "To: person" in mail
    wait_for(mailed(server, r"refunds 7/min, above 5/min"), 10, "the mail of what came late")


def test_a_killed_process_is_mailed_of_within_45_seconds(server: Server, keys: Keys) -> None:
    rule_on(
        server,
        keys,
        '{"target_kind": "process", "target": "worker", "condition": {"kind": "stopped_responding", "seconds": 30}}',
    )
    program = [sys.executable, "-c", _PROGRAM.format(key=keys.key, url=server.url)]
    with subprocess.Popen(program, env=server.environment) as running:
        wait_for(lambda: _is_known(server, keys), 20, "the program to be heard of")
        wait_for(lambda: _looked_at(server, keys), 40, "a look at it")
        running.kill()
        begun = time.monotonic()
    wait_for(mailed(server, r"worker silent for \d+ s"), 45, "the mail")
    assert time.monotonic() - begun <= 45


def wait_for_a_whole_minute(server: Server) -> None:
    """Of one in which the server has begun nobody can say what is missing."""
    first = ((server.data / "secret_key").stat().st_ctime // 60 + 1) * 60
    wait_for(lambda: time.time() > first, 65, "a minute that the server has from its begin")


def _is_known(server: Server, keys: Keys) -> bool:
    reply = server.request("GET", "/api/v1/processes/", Authorization=f"Bearer {keys.read_key}")
    return "worker" in str(reply.json)


def _looked_at(server: Server, keys: Keys) -> bool:
    code = f"from alerts.progress import load; print(load({keys.account}).states)"
    return "worker" in server.manage("shell", "-c", code).stdout
