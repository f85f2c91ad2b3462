"""Mail leaves for real: by SMTP, through a provider's API, or to a folder and the console, as the environment says."""

import base64
import json
import socket
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from dattss_site.environment import Environment
from dattss_site.mail_settings import MailSettings, mail_from
from tests.browsing import Browser
from tests.server import Server, free_port, wait_for

TO = "dora@example.org"


class Mailbox:
    """What an SMTP server took, and with which user and password."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        assert envelope.rcpt_tos == [TO]
        self.mails.append(parsed)
        return "250 OK"

    def log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss")


@pytest.fixture
def smtp() -> Iterator[tuple[Mailbox, int]]:
    mailbox, port = Mailbox(), free_port(socket.SOCK_STREAM)
    ways: dict[str, Any] = {"authenticator": mailbox.log_in, "auth_require_tls": False}
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **ways)
    controller.start()
    yield mailbox, port
    controller.stop()


class Provider(ThreadingHTTPServer):
    """Takes what a provider's API takes; `status` and `answer` are what it says to that."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.answer = status, answer
        self.requests: list[tuple[str, dict[str, str], bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        answer = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the tests look at the requests themselves."""


@pytest.fixture
def provider() -> Iterator[Callable[[int, Any], Provider]]:
    started: list[Provider] = []

    def start(status: int, answer: Any) -> Provider:
        server = Provider(status, answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def sign_up(server: Server) -> str:
    """The page after a sign-up of TO."""
    return Browser(server.url).send("/accounts/signup/", email=TO, password1="correct-horse-battery", team="")


def test_by_smtp_a_mail_reaches_the_server_with_its_plain_text(
    smtp: tuple[Mailbox, int], new_server: Callable[..., Server], tmp_path: Path
) -> None:
    mailbox, port = smtp
    secret = tmp_path / "email_url"
    secret.write_text(f"smtp://dattss:p%40ss@127.0.0.1:{port}/\n")
    server = new_server(EMAIL_URL_FILE=str(secret), DEFAULT_FROM_EMAIL="DaTtSs <dattss@example.org>")
    page = sign_up(server)
    (mail,) = wait_for(lambda: mailbox.mails, 10, "the mail")
    assert mailbox.logins == [(b"dattss", b"p@ss")]
    assert (mail["To"], mail["From"]) == (TO, "DaTtSs <dattss@example.org>")
    assert mail["Subject"] == "DaTtSs: confirm your e-mail address"
    assert mail.get_content_type() == "text/plain"
    assert f"{server.url}/accounts/confirm-email/" in mail.get_content()
    assert "outbox" not in page
    assert not (server.data / "outbox").exists()
    assert "confirm-email" not in server.log.read_text()


def test_a_provider_gets_the_mail_through_its_api(
    provider: Callable[[int, Any], Provider], new_server: Callable[..., Server]
) -> None:
    """Mailgun's, as https://documentation.mailgun.com describes `POST /v3/DOMAIN/messages`."""
    mailgun = provider(200, {"id": "<1@example.org>", "message": "Queued. Thank you."})
    server = new_server(
        ANYMAIL_PROVIDER="mailgun",
        ANYMAIL_MAILGUN_API_KEY="key-1",
        ANYMAIL_MAILGUN_SENDER_DOMAIN="mg.example.org",
        ANYMAIL_MAILGUN_API_URL=f"http://127.0.0.1:{mailgun.server_port}/v3",
    )
    sign_up(server)
    path, headers, body = wait_for(lambda: mailgun.requests, 10, "the mail")[0]
    assert path == "/v3/mg.example.org/messages"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"api:key-1"
    fields = urllib.parse.parse_qs(body.decode())
    assert fields["to"] == [TO]
    assert fields["subject"] == ["DaTtSs: confirm your e-mail address"]
    assert f"{server.url}/accounts/confirm-email/" in fields["text"][0]
    assert "html" not in fields


def test_a_provider_that_refuses_is_told_on_the_page(
    provider: Callable[[int, Any], Provider], new_server: Callable[..., Server]
) -> None:
    postmark = provider(401, {"ErrorCode": 10, "Message": "Bad or missing API token"})
    server = new_server(
        ANYMAIL_PROVIDER="postmark",
        ANYMAIL_POSTMARK_SERVER_TOKEN="token-1",
        ANYMAIL_POSTMARK_API_URL=f"http://127.0.0.1:{postmark.server_port}",
    )
    page = sign_up(server)
    assert postmark.requests[0][0] == "/email"
    assert postmark.requests[0][1]["X-Postmark-Server-Token"] == "token-1"
    assert "The mail could not be sent." in page
    assert "token-1" not in server.log.read_text()


def test_without_either_the_mail_is_in_the_folder_and_on_the_console(server: Server) -> None:
    page = sign_up(server)
    link = server.mailed_link(TO)
    assert link in wait_for(server.log.read_text, 10, "the console")
    assert f"--- Mail to {TO}: DaTtSs: confirm your e-mail address" in server.log.read_text()
    assert "its console" in page
    assert "<code>outbox</code>" in page
    assert link not in page
    assert (server.data / "outbox").stat().st_mode & 0o077 == 0


def told(**variables: str) -> tuple[MailSettings, list[str]]:
    environment = Environment(variables)
    return mail_from(environment), environment.problems


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"ANYMAIL_PROVIDER": "pigeon"}, "ANYMAIL_PROVIDER must be one of brevo, mailersend, mailgun"),
        ({"ANYMAIL_PROVIDER": "mailgun"}, "ANYMAIL_PROVIDER=mailgun needs ANYMAIL_MAILGUN_API_KEY."),
        (
            {"ANYMAIL_PROVIDER": "mailjet"},
            "ANYMAIL_PROVIDER=mailjet needs ANYMAIL_MAILJET_API_KEY and ANYMAIL_MAILJET_SECRET_KEY.",
        ),
        ({"ANYMAIL_BREVO_API_KEY": "x"}, "ANYMAIL_BREVO_API_KEY does nothing without ANYMAIL_PROVIDER"),
        (
            {"ANYMAIL_PROVIDER": "brevo", "ANYMAIL_BREVO_API_KEY_FILE": "/nowhere"},
            "ANYMAIL_BREVO_API_KEY_FILE must be the path of a readable file",
        ),
        (
            {"ANYMAIL_PROVIDER": "brevo", "ANYMAIL_BREVO_API_KEY": "x", "EMAIL_URL": "smtp://h"},
            "EMAIL_URL and ANYMAIL_PROVIDER are two ways for mail; set one of them.",
        ),
        (
            {"ANYMAIL_PROVIDER": "brevo", "ANYMAIL_BREVO_API_KEY": "x", "ANYMAIL_BREVO_API_URL": "h"},
            "ANYMAIL_BREVO_API_URL must be an URL that begins with http: or https:.",
        ),
        ({"EMAIL_URL": "pigeon://h"}, "EMAIL_URL must be an URL that begins with smtp: or submission:."),
        (
            {"EMAIL_URL": "smtp://h?timeout=x"},
            "EMAIL_URL must be an URL such as smtp://user:password@host:587/?tls=True.",
        ),
    ],
)
def test_a_wrong_setting_is_told_in_a_line(variables: dict[str, str], problem: str) -> None:
    _, problems = told(**variables)
    assert any(said.startswith(problem) for said in problems), problems
    assert not any("\n" in said for said in problems)


def test_a_key_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret-1\n")
    settings, problems = told(ANYMAIL_PROVIDER="brevo", ANYMAIL_BREVO_API_KEY_FILE=str(tmp_path / "key"))
    assert problems == []
    assert settings == MailSettings("anymail.backends.brevo.EmailBackend", provider={"BREVO_API_KEY": "secret-1"})


@pytest.mark.parametrize(
    ("url", "smtp"),
    [
        ("smtp://h", {"EMAIL_HOST": "h", "EMAIL_PORT": 25, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}),
        (
            "submission://u:p@h",
            {
                "EMAIL_HOST": "h",
                "EMAIL_PORT": 587,
                "EMAIL_HOST_USER": "u",
                "EMAIL_HOST_PASSWORD": "p",
                "EMAIL_USE_TLS": True,
                "EMAIL_USE_SSL": False,
            },
        ),
    ],
)
def test_an_url_says_all_of_smtp(url: str, smtp: dict[str, Any]) -> None:
    settings, problems = told(EMAIL_URL=url)
    assert problems == []
    assert settings.smtp == smtp


@pytest.mark.parametrize(
    "provider_name",
    ["brevo", "mailersend", "mailgun", "mailjet", "mandrill", "postmark", "resend", "sparkpost"],
)
def test_what_is_asked_for_is_what_the_provider_wants(provider_name: str, settings: Any) -> None:
    """With all that we ask for, django-anymail has no further wish."""
    _, problems = told(ANYMAIL_PROVIDER=provider_name)
    names = [word.strip(".") for word in problems[0].split() if word.startswith(f"ANYMAIL_{provider_name.upper()}")]
    mail_settings, problems = told(ANYMAIL_PROVIDER=provider_name, **dict.fromkeys(names, "x"))
    assert problems == []
    settings.ANYMAIL = mail_settings.provider
    module, _, name = mail_settings.backend.rpartition(".")
    getattr(import_module(module), name)()
