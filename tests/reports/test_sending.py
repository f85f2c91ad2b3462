"""A report is sent once, to who may look, and what became of it decides whether it is tried again."""

import datetime as dt
import socket
import threading
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.delivery import NotNow
from accounts.models import Account, Membership, User
from reports import sending
from reports.content import Content, Line, Section
from reports.models import Subscription
from reports.periods import Period
from reports.sending import message, send_due, send_report
from reports.tasks import send
from tests.server import free_port
from tests.smtp_server import running_smtp

UTC = ZoneInfo("UTC")
SUNDAY, MONDAY = dt.date(2026, 11, 22), dt.date(2026, 11, 23)
PERIOD = Period(MONDAY, MONDAY, UTC)
TUESDAY_7 = dt.datetime(2026, 11, 24, 7, tzinfo=UTC).timestamp()
HOSTILE = '<img src=x onerror="alert(1)">&'
LOUD = Content(
    "Monday, 23 November 2026", "1 new error", [Section("New errors", [Line(HOSTILE, "once in api")], 3, "errors")]
)
QUIET = Content("Monday, 23 November 2026", "nothing new", [])


@pytest.fixture
def subscription(alice: User, acme: Account) -> Subscription:
    mine = Membership.objects.get(user=alice, account=acme)
    return Subscription.objects.create(membership=mine, every="daily", told=SUNDAY)


def due(now: float = TUESDAY_7, shard: int = 0) -> list[Period]:
    return [period for _, period in sending.due(shard, now)]


def body_of(sent: EmailMultiAlternatives) -> tuple[str, str]:
    """The plain text and the HTML of a mail."""
    ((html, kind),) = sent.alternatives
    assert kind == "text/html"
    return str(sent.body), str(html)


# --- the mail ---------------------------------------------------------------------------------------------------------
def test_the_mail_has_text_html_links_and_a_way_out(subscription: Subscription, acme: Account, alice: User) -> None:
    made = message(subscription, LOUD)
    text, html = body_of(made)
    assert made.to == [alice.email]
    assert made.subject == "DaTtSs: Acme, Monday, 23 November 2026: 1 new error"
    assert HOSTILE in text
    assert "<img" not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;" in html
    link = made.extra_headers["List-Unsubscribe"][1:-1]
    assert made.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for said in (text, html):
        assert link in said
        assert f"/a/{acme.pk}/errors/" in said
        assert "and 3 more" in said
        assert "UTC" in said


def test_links_lead_to_the_public_address(subscription: Subscription, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://stats.example.org/below"
    text, _ = body_of(message(subscription, LOUD))
    links = [word for word in text.split() if word.startswith("http")]
    assert len(links) == 4
    assert all(link.startswith("https://stats.example.org/below/") for link in links)


def test_the_mail_can_be_written_with_any_text(subscription: Subscription, acme: Account) -> None:
    Account.objects.filter(pk=acme.pk).update(name="\u202eA\x1b[1m é")
    subscription.membership.account.refresh_from_db()
    written = message(subscription, LOUD).message().as_bytes()
    assert b"\x1b" not in written
    assert "\u202e" not in message(subscription, LOUD).subject


# --- when, to whom ----------------------------------------------------------------------------------------------------
def test_a_report_is_due_at_seven_in_the_persons_zone(subscription: Subscription, alice: User) -> None:
    assert due() == [PERIOD]
    assert due(TUESDAY_7 - 1) == []
    assert due(shard=1) == []
    User.objects.filter(pk=alice.pk).update(timezone="America/New_York")
    assert due() == due(TUESDAY_7 + 5 * 3600 - 1) == []
    assert [period.last for period in due(TUESDAY_7 + 5 * 3600)] == [MONDAY]


def test_a_zone_to_the_east_brings_no_day_twice(subscription: Subscription, alice: User) -> None:
    assert send_report(subscription, PERIOD, LOUD)
    User.objects.filter(pk=alice.pk).update(timezone="Pacific/Honolulu")
    assert due(TUESDAY_7 + 10 * 3600) == []


@pytest.mark.parametrize("ending", ["closed", "inactive", "never", "removed", "moving"])
def test_who_may_not_look_is_told_nothing(ending: str, subscription: Subscription, alice: User, acme: Account) -> None:
    changes: dict[str, Callable[[], object]] = {
        "closed": lambda: Account.objects.filter(pk=acme.pk).update(closed=timezone.now()),
        "inactive": lambda: User.objects.filter(pk=alice.pk).update(is_active=False),
        "never": lambda: Subscription.objects.update(every=""),
        "removed": lambda: Membership.objects.filter(user=alice).delete(),
        "moving": lambda: Account.objects.filter(pk=acme.pk).update(moving_to=1),
    }
    changes[ending]()
    assert due() == []
    # Between the look and the mail as well; while an account moves its report may still go.
    assert send_report(subscription, PERIOD, LOUD) == (ending == "moving")
    assert len(mail.outbox) == (ending == "moving")


# --- once -------------------------------------------------------------------------------------------------------------
def test_a_report_is_sent_once(subscription: Subscription) -> None:
    stale = Subscription.objects.select_related("membership__account", "membership__user").get()
    assert send_report(subscription, PERIOD, LOUD)
    assert not send_report(stale, PERIOD, LOUD)
    assert due() == []
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_of_workers_that_send_at_once_one_does(subscription: Subscription) -> None:
    together, sent = threading.Barrier(4), []

    def work() -> None:
        mine = Subscription.objects.select_related("membership__account", "membership__user").get()
        together.wait(10)
        sent.append(send_report(mine, PERIOD, LOUD))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(sent) == [False, False, False, True]
    assert len(mail.outbox) == 1


def test_a_quiet_day_brings_no_mail_and_a_quiet_week_does(subscription: Subscription) -> None:
    assert not send_report(subscription, PERIOD, QUIET)
    assert (due(), mail.outbox) == ([], [])
    subscription.every, subscription.told = "weekly", dt.date(2026, 11, 15)
    subscription.save()
    assert send_report(subscription, Period(dt.date(2026, 11, 16), SUNDAY, UTC), QUIET)
    assert "Nothing new" in str(mail.outbox[0].body)


def test_each_shard_is_asked_each_hour(settings: Settings) -> None:
    (beat,) = (one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == send.name)
    assert (beat["args"], beat["options"]["queue"]) == ((0,), "shard-0")
    assert (beat["schedule"].hour, beat["schedule"].minute) == (set(range(24)), {4})


def test_an_engine_that_is_away_is_asked_again(subscription: Subscription, caplog: pytest.LogCaptureFixture) -> None:
    assert send_due(0, TUESDAY_7) == 0  # in this process is none
    assert "trying again in an hour" in caplog.text
    assert due() == [PERIOD]


# --- what the mail server says ----------------------------------------------------------------------------------------
@pytest.fixture
def _over_smtp(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"


@pytest.mark.usefixtures("_over_smtp")
@pytest.mark.parametrize(("answer", "again"), [("451 4.7.1 Try again later", True), ("550 5.1.1 No such user", False)])
def test_a_refused_mail(answer: str, again: bool, subscription: Subscription, settings: Settings) -> None:
    with running_smtp(answer) as settings.EMAIL_PORT:
        assert not send_report(subscription, PERIOD, LOUD)
    assert due() == ([PERIOD] if again else [])


@pytest.mark.usefixtures("_over_smtp")
def test_without_a_mail_server_the_next_hour_tries_again(subscription: Subscription, settings: Settings) -> None:
    settings.EMAIL_PORT = 1
    assert not send_report(subscription, PERIOD, LOUD)
    assert due() == [PERIOD]


class HangsUp:
    """A mail server that takes a mail and goes before it has said so."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        server.transport.abort()
        return "250 OK"


@pytest.mark.usefixtures("_over_smtp")
def test_a_mail_of_which_nobody_knows_is_not_sent_again(subscription: Subscription, settings: Settings) -> None:
    settings.EMAIL_PORT = free_port(socket.SOCK_STREAM)
    controller = Controller(HangsUp(), hostname="127.0.0.1", port=settings.EMAIL_PORT)
    controller.start()
    try:
        with pytest.raises(NotNow):
            send_report(subscription, PERIOD, LOUD)
    finally:
        controller.stop()
    assert due() == []
