"""Sends what an outbox holds, in processes that end by `kill -9` wherever they are told to.

It reads commands from standard input, a JSON object a line, and answers each with one. The processes are forks of this
one, which has Django loaded: to start one takes milliseconds. A clock that the test sets stands in for the time that a
lease and a pause would take.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import django

# Where a step of the way of a message may be: our own code, and all that it goes through to the socket and the disk.
_ON_THE_WAY = (
    "/alerts/",
    "/accounts/telephony.py",
    "/accounts/mail.py",
    "/smtplib.py",
    "/http/client.py",
    "/urllib3/connectionpool.py",
    "/twilio/http/",
    "/django/db/transaction.py",
    "/django/db/backends/sqlite3/base.py",
    "/django/db/backends/postgresql/base.py",
    "/psycopg/cursor.py",
    "/django/core/mail/backends/smtp.py",
)
BEGIN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def prepare() -> None:
    """The tables, an account, and its person with a confirmed address and number."""
    from django.core.management import call_command  # noqa: PLC0415  (Django is loaded in `main`)

    from accounts.models import Account, Contact, Medium, Membership, Role, User  # noqa: PLC0415
    from alerts.models import Cap  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    account, person = Account.objects.create(name="Acme"), User.objects.create_user("alice@example.org")
    Membership.objects.create(account=account, user=person, role=Role.OWNER)
    for medium, address in ((Medium.EMAIL, "alice@example.org"), (Medium.PHONE, "+4915123456789")):
        Contact.objects.create(account=account, user=person, medium=medium, address=address, confirmed=BEGIN)
    Cap.objects.create(account=account, sms=100_000, calls=100_000)
    Cap.objects.create(account=account, person=person, sms=100_000, calls=100_000)


def incident(name: str, channels: list[str], minutes: float) -> None:
    """An incident so many minutes after the begin, with a message by each of the channels, due at once."""
    from accounts.models import Contact, Medium  # noqa: PLC0415
    from alerts.models import Incident, Notification  # noqa: PLC0415

    contacts = {contact.medium: contact for contact in Contact.objects.select_related("user", "account")}
    account = contacts[Medium.EMAIL].account
    now = BEGIN + timedelta(minutes=minutes)
    burns = Incident.objects.create(
        account=account, number=Incident.objects.count() + 1, rule_name="R", target=name, opened=now, sentence=name
    )
    for step, channel in enumerate(channels):
        contact = contacts[Medium.EMAIL if channel == "email" else Medium.PHONE]
        Notification.objects.create(
            account=account,
            incident=burns,
            kind="alert",
            step=step,
            channel=channel,
            contact=contact,
            person=contact.user,
            address=contact.address,
            sentence=name,
            key=f"{name} {channel}",
            due=now,
        )


def send(minutes: float, kill_at: int) -> int:
    """Sends all that is due so many minutes after the begin; `kill -9` at the line `kill_at` of the way, 0: never.
    Returns how many lines there were."""
    from alerts import outbox  # noqa: PLC0415

    lines = 0

    def line(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> Any:
        return line if any(part in frame.f_code.co_filename for part in _ON_THE_WAY) else None

    now = BEGIN + timedelta(minutes=minutes)
    sys.settrace(call)
    for pk in outbox.due(now):
        outbox.send(pk, lambda: now)
    sys.settrace(None)
    return lines


def states(name: str) -> dict[str, str]:
    """The state of each message of an incident, by channel; a mail in place of a call is `instead`."""
    from alerts.models import Notification  # noqa: PLC0415

    told = Notification.objects.filter(incident__target=name).values_list("key", "channel", "state")
    return {"instead" if key.startswith("instead:") else channel: state for key, channel, state in told}


_COMMANDS: dict[str, Callable[..., object]] = {
    "prepare": prepare,
    "incident": incident,
    "send": send,
    "states": states,
}


def _in_a_fork(command: str, arguments: dict[str, Any]) -> int:
    """Begins a command in a process of its own; returns its number. What it returns is left in a file."""
    pid = os.fork()
    if pid:
        return pid
    try:
        result = _COMMANDS[command](**arguments)
        _answer_of(os.getpid()).write_text(json.dumps(result))
        os._exit(0)
    finally:
        os._exit(1)


def _answer_of(pid: int) -> Path:
    return Path(os.environ["DATTSS_DATA"]) / f"answer-{pid}"


def _run(command: str, arguments: dict[str, Any], at_once: int) -> dict[str, Any]:
    """Runs it in so many processes at once; how each ended, and what the last one that came to its end returned."""
    pids = [_in_a_fork(command, arguments) for _ in range(at_once)]
    ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    texts = [_answer_of(pid).read_text() for pid, end in zip(pids, ends, strict=True) if end == 0]
    return {"ends": ends, "result": json.loads(texts[-1]) if texts else None}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "dattss_site.settings"
    django.setup()
    # Once here instead of in each fork.
    for module in ("alerts.outbox", "dattss_site.urls", "django.template.loader", "twilio.rest.api.v2010"):
        importlib.import_module(module)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_run(asked["command"], asked["arguments"], asked["at_once"])), flush=True)


if __name__ == "__main__":
    main()
