"""A real server with Redis and an engine, a real mail server, and workers of which one is killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from stats.aggregation.vitals import ERRORS
from stats.storage import paths
from tests import redis_server
from tests.server import ROOT, Server, free_port, running
from tests.stats.commits import body
from tests.web_browser import WebBrowser

HOSTILE = "<script>alert(1)</script>\x1b[31m\0\u202e\ud800\u200f" + "x" * 900_000
_WORK = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "dattss_site.settings"
django.setup()
from reports.sending import send_due
print(send_due(0, float(sys.argv[1])))
"""


class Mailbox:
    """Takes mails; while `killing` is set, kills that process once it has taken one."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.killing: subprocess.Popen[str] | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        if self.killing is not None:
            os.kill(self.killing.pid, signal.SIGKILL)
        return "250 OK"


@pytest.fixture(scope="module")
def post() -> Iterator[tuple[Mailbox, int]]:
    mailbox, port = Mailbox(), free_port(socket.SOCK_STREAM)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


@pytest.fixture(scope="module")
def with_redis(tmp_path_factory: pytest.TempPathFactory, post: tuple[Mailbox, int]) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reports")
    for url in redis_server.running(folder):
        yield from running(folder / "data", REDIS_URL=url, EMAIL_URL=f"smtp://127.0.0.1:{post[1]}/")


@pytest.fixture
def mailbox(post: tuple[Mailbox, int]) -> Mailbox:
    found = post[0]
    found.mails.clear()
    found.killing = None
    return found


def worker(server: Server, now: float) -> subprocess.Popen[str]:
    """Sends what is due at `now`, in a process of its own, as Celery's worker does."""
    command = [sys.executable, "-c", _WORK, str(now)]
    return subprocess.Popen(command, cwd=ROOT, env=server.environment, stdout=subprocess.PIPE, text=True)


def work(server: Server, now: float) -> int:
    """The same to its end; returns how many mails it says it has sent."""
    told, _ = worker(server, now).communicate(timeout=60)
    return int(told)


def write_day(server: Server, account: int, name: str, day: date, value: int, process: str = "shop") -> None:
    """A value in the middle of each hour of a day."""
    root = Path(server.data) / "stats"
    path = paths.prt_path(root, paths.Stat(account, process, "c", name), day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{hour:02}:30,{value},1{f',{value}' * 6}\n" for hour in range(24)))


@pytest.fixture
def morning() -> float:
    """8 o'clock of tomorrow: the report is that of today."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, 8, tzinfo=UTC).timestamp()


def test_what_was_new_what_grew_and_what_went_silent(with_redis: Server, mailbox: Mailbox, morning: float) -> None:
    keys = with_redis.new_account("ann@example.org")
    browser = WebBrowser.of(with_redis, "ann@example.org")
    assert browser.submit(f"/a/{keys.account}/report/", every="daily").status_code == 200
    today = datetime.fromtimestamp(morning, UTC).date() - timedelta(days=1)
    for ago in range(1, 8):
        write_day(with_redis, keys.account, "orders", today - timedelta(days=ago), 10)
        write_day(with_redis, keys.account, "visits", today - timedelta(days=ago), 10)
        write_day(with_redis, keys.account, "logins", today - timedelta(days=ago), 10)
        write_day(with_redis, keys.account, ERRORS, today - timedelta(days=ago), 10, "till")
    write_day(with_redis, keys.account, "orders", today, 30)
    write_day(with_redis, keys.account, ERRORS, today, 100, "till")
    write_day(with_redis, keys.account, "visits", today, 10)
    event = {"lvl": "error", "msg": HOSTILE, "typ": "ValueError", "trc": "", "cnt": 3, "age": 0}
    assert with_redis.commit(keys.key, body("shop", evt=[event])).status == 200

    assert work(with_redis, morning) == 1
    (sent,) = mailbox.mails
    assert sent["To"] == "ann@example.org"
    plain, html = sent.get_body(("plain",)), sent.get_body(("html",))
    assert plain is not None
    assert html is not None
    text, markup = plain.get_content().replace("\r\n", "\n"), html.get_content()
    assert "1 new error, 2 stats that grew, 1 went silent" in " ".join(str(sent["Subject"]).split())
    assert "ValueError: <script>alert(1)</script>\\ud800xxx" in text
    assert "shop / orders\n  720, usually 240 (+200 %)" in text
    assert "till / dattss.errors\n  2,400, usually 240 (10 times as much)" in text  # the errors of a process are a stat
    assert "visits" not in text
    assert "shop\n  process, last heard" in text
    assert "<script" not in markup
    assert len(sent.as_bytes()) < 20_000
    for said in (text, markup):
        assert not set(said) & set("\x1b\0\u202e\u200f")

    assert work(with_redis, morning + 3600) == 0
    assert len(mailbox.mails) == 1

    link = urlsplit(sent["List-Unsubscribe"].strip().strip("<>"))
    assert link.netloc == urlsplit(with_redis.url).netloc
    ended = with_redis.request("POST", link.path, b"List-Unsubscribe=One-Click")
    assert ended.status == 200
    assert work(with_redis, morning + 86_400) == 0
    assert len(mailbox.mails) == 1


def test_a_worker_that_is_killed_after_the_mail_does_not_send_it_again(
    with_redis: Server, mailbox: Mailbox, morning: float
) -> None:
    keys = with_redis.new_account("kim@example.org")
    WebBrowser.of(with_redis, "kim@example.org").submit(f"/a/{keys.account}/report/", every="daily")
    event = {"lvl": "warning", "msg": "late", "typ": "", "trc": "", "cnt": 1, "age": 0}
    assert with_redis.commit(keys.key, body("shop", evt=[event])).status == 200
    with worker(with_redis, morning) as mailbox.killing:
        assert mailbox.killing.wait(60) == -signal.SIGKILL
    mailbox.killing = None
    assert [str(sent["To"]) for sent in mailbox.mails] == ["kim@example.org"]
    assert work(with_redis, morning) == 0
    assert len(mailbox.mails) == 1
