"""Mails: plain text and HTML, a thread for each incident, bounces that the provider tells of."""

import base64
import hashlib
import hmac
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from alerts.models import Channel, Notification, NotificationKind, NotificationState
from tests.alerts.sending.told import ADDRESS, SENTENCE, Story, timeline_of
from tests.smtp_server import Mailbox, text_of
from tests.test_mail import Provider

STATE = NotificationState
HOSTILE = 'x\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>&"\x00\x0b'
SECRET = "events:0123456789abcdef"
BASIC = "Basic " + base64.b64encode(SECRET.encode()).decode()


def test_a_mail_says_the_sentence_as_text_and_as_html(story: Story, mailbox: Mailbox) -> None:
    story.send(story.told(Channel.EMAIL))
    (mail,) = mailbox.mails
    assert mail["Subject"] == f"Acme #1: {SENTENCE}"
    assert mail["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        assert SENTENCE in text_of(mail, kind)
        assert "http://127.0.0.1:8000/alerts/answer/" in text_of(mail, kind)
    assert text_of(mail).startswith(SENTENCE)
    assert "rule “Orders” for shop/c/orders1" in text_of(mail)


def test_mails_of_an_incident_are_one_thread(story: Story, mailbox: Mailbox) -> None:
    first = story.told(Channel.EMAIL)
    other = story.told(Channel.EMAIL)
    again = story.told(Channel.EMAIL, first.incident, kind=NotificationKind.REPEAT, sentence="orders 3/min")
    over = story.told(Channel.EMAIL, first.incident, kind=NotificationKind.RECOVERY, sentence="orders 40/min")
    for told in (first, other, again, over):
        story.send(told)
    one, another, repeat, recovery = mailbox.mails
    assert one["References"] == one["In-Reply-To"] == repeat["References"] == recovery["References"]
    assert one["Subject"] == repeat["Subject"] == recovery["Subject"]
    assert another["References"] != one["References"]
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 4
    assert text_of(repeat).startswith("Still: orders 3/min")
    assert text_of(recovery).startswith("Resolved: orders 40/min")
    assert "/alerts/answer/" not in text_of(recovery)


def test_a_mail_that_is_sent_again_has_the_id_that_it_had(story: Story, mailbox: Mailbox) -> None:
    told = story.told(Channel.EMAIL)
    story.send(told)
    Notification.objects.update(state=STATE.CLAIMED, lease_until=story.clock.now)
    story.send(told)
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_hostile_names_stay_text(story: Story, mailbox: Mailbox) -> None:
    story.account.name = HOSTILE
    story.account.save()
    incident = story.incident(sentence=HOSTILE)
    incident.rule_name = HOSTILE
    incident.save()
    assert story.send(story.told(Channel.EMAIL, incident)).state == STATE.SENT
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Bcc"]) == (ADDRESS, None)
    assert "<script>" not in text_of(mail, "html")
    assert "&lt;script&gt;" in text_of(mail, "html")


@pytest.fixture
def mailgun(settings: Settings) -> Iterator[Provider]:
    """Mailgun's API, as https://documentation.mailgun.com describes it, and its events with a secret."""
    server = Provider(200, {"id": "<20261124.1@mg.example.org>", "message": "Queued. Thank you."})
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {
        "MAILGUN_API_KEY": "key-1",
        "MAILGUN_SENDER_DOMAIN": "mg.example.org",
        "MAILGUN_API_URL": f"http://127.0.0.1:{server.server_port}/v3",
        "MAILGUN_WEBHOOK_SIGNING_KEY": "signing-1",
        "WEBHOOK_SECRET": SECRET,
    }
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def event_of(kind: str, **data: Any) -> dict[str, Any]:
    """What Mailgun posts, signed."""
    mac = hmac.new(b"signing-1", b"1764000000token-1", hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": "1764000000", "token": "token-1", "signature": mac},
        "event-data": {"event": kind, "id": "e1", "timestamp": 1764000000.0, "recipient": ADDRESS, **data},
    }


def post(event: Any, authorization: str = BASIC) -> int:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    client = Client(headers={"Authorization": authorization} if authorization else None)
    return client.post("/alerts/mail/events/", body, content_type="application/json").status_code


def by_number(told: Notification) -> dict[str, Any]:
    return {"user-variables": {"notification": str(told.pk)}}


def by_id(told: Notification) -> dict[str, Any]:
    return {"message": {"headers": {"message-id": told.provider_id.strip("<>")}}}


def test_a_provider_gets_text_html_and_thread(story: Story, mailgun: Provider) -> None:
    sent = story.send(story.told(Channel.EMAIL))
    assert (sent.state, sent.provider_id) == (STATE.SENT, "<20261124.1@mg.example.org>")
    fields = urllib.parse.parse_qs(mailgun.requests[0][2].decode())
    assert fields["to"] == [ADDRESS]
    assert SENTENCE in fields["text"][0]
    assert SENTENCE in fields["html"][0]
    assert fields["h:References"] == fields["h:In-Reply-To"]
    assert fields["v:notification"] == [str(sent.pk)]


@pytest.mark.parametrize(("status", "state"), [(401, STATE.PENDING), (429, STATE.PENDING), (500, STATE.PENDING)])
def test_a_provider_that_refuses_is_asked_again_later(story: Story, mailgun: Provider, status: int, state: str) -> None:
    mailgun.status = status
    sent = story.send(story.told(Channel.EMAIL))
    assert (sent.state, sent.doubtful) == (state, 0)


@pytest.mark.parametrize("named", [by_number, by_id])
def test_a_bounce_is_told_by_the_next_channel(
    story: Story, mailgun: Provider, named: Callable[[Notification], dict[str, Any]]
) -> None:
    told = story.send(story.told(Channel.EMAIL))
    step = story.told(Channel.SMS, told.incident, step=1, due=story.clock.now.replace(year=2027))
    assert post(event_of("failed", severity="temporary", reason="generic", **named(told))) == 200
    told.refresh_from_db()
    assert told.state == STATE.SENT
    assert post(event_of("failed", severity="permanent", reason="bounce", **named(told))) == 200
    told.refresh_from_db()
    step.refresh_from_db()
    assert (told.state, told.why) == (STATE.FAILED, "The mail came back.")
    assert step.due.year == 2026
    assert told.incident is not None
    assert timeline_of(told.incident)[-1] == f"E-mail to {ADDRESS}: The mail came back."


def test_a_delivery_is_shown(story: Story, mailgun: Provider) -> None:
    told = story.send(story.told(Channel.EMAIL))
    assert post(event_of("delivered", **by_number(told))) == 200
    assert post(event_of("delivered", **by_number(told))) == 200
    told.refresh_from_db()
    assert told.state == STATE.DELIVERED
    assert told.incident is not None
    assert timeline_of(told.incident)[1:] == [f"E-mail to {ADDRESS}: delivered."]


def test_a_mail_that_comes_back_after_it_was_delivered_is_told_by_the_next_channel(
    story: Story, mailgun: Provider
) -> None:
    """The next mail server took it, and sent it back later. Events come in any order, and more than once."""
    told = story.send(story.told(Channel.EMAIL))
    step = story.told(Channel.SMS, told.incident, step=1, due=story.clock.now.replace(year=2027))
    back = event_of("failed", severity="permanent", reason="bounce", **by_number(told))
    for event in (event_of("delivered", **by_number(told)), back, event_of("delivered", **by_number(told)), back):
        assert post(event) == 200
    told.refresh_from_db()
    step.refresh_from_db()
    assert (told.state, told.why, told.delivered_at) == (STATE.FAILED, "The mail came back.", None)
    assert step.due.year == 2026
    assert told.incident is not None
    lines = [
        f"E-mail to {ADDRESS} sent.",
        f"E-mail to {ADDRESS}: delivered.",
        f"E-mail to {ADDRESS}: The mail came back.",
    ]
    assert timeline_of(told.incident) == lines


def test_a_provider_that_looks_whether_anybody_is_here_finds_somebody(mailgun: Provider, settings: Settings) -> None:
    assert Client().head("/alerts/mail/events/").status_code == 200
    assert Client().get("/alerts/mail/events/").status_code == 405
    del settings.ANYMAIL["WEBHOOK_SECRET"]
    assert Client().head("/alerts/mail/events/").status_code == 403


def test_a_mail_has_all_its_times_in_the_readers_zone(story: Story, mailbox: Mailbox) -> None:
    story.person.timezone = "Europe/Berlin"
    story.person.save()
    story.send(story.told(Channel.EMAIL))
    for kind in ("plain", "html"):
        assert "since 2026-11-24 13:00 CET" in text_of(mailbox.mails[0], kind)


@pytest.mark.parametrize(
    ("public", "domain"),
    [
        ("https://dts.example.org/x", "dts.example.org"),
        ("http://10.0.0.1:8000", "10.0.0.1"),
        ("http://[::1]:80", "[::1]"),
    ],
)
def test_ids_of_mails_have_the_servers_name(
    story: Story, mailbox: Mailbox, settings: Settings, public: str, domain: str
) -> None:
    settings.PUBLIC_URL = public
    told = story.send(story.told(Channel.EMAIL))
    assert mailbox.mails[0]["Message-ID"] == f"<notification-{told.pk}@{domain}>"


@pytest.mark.parametrize("authorization", ["", "Basic eDp5", "Basic \xff", "Bearer x"])
def test_events_without_the_secret_are_refused(story: Story, mailgun: Provider, authorization: str) -> None:
    told = story.send(story.told(Channel.EMAIL))
    assert post(event_of("delivered", **by_number(told)), authorization) == 400
    told.refresh_from_db()
    assert told.state == STATE.SENT


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"null",
        event_of("delivered") | {"signature": {}},
        event_of("delivered", **{"user-variables": {"notification": "9" * 400}}),
        event_of("delivered", **{"user-variables": {"notification": "\u0663"}}),
        event_of("delivered", **{"user-variables": []}),
        event_of("delivered", timestamp="x"),
        event_of("nonsense", message=None),
        event_of("delivered") | {"event-data": []},
    ],
)
def test_events_that_make_no_sense_are_no_error_of_ours(story: Story, mailgun: Provider, event: Any) -> None:
    assert post(event) in (200, 400)


def test_without_a_secret_nobody_may_tell_of_anything(mailgun: Provider, settings: Settings, db: None) -> None:
    del settings.ANYMAIL["WEBHOOK_SECRET"]
    assert post(event_of("delivered")) == 403
