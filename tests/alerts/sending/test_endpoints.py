"""Webhooks: signed, retried, never to where only this machine gets; and Slack's."""

import base64
import hashlib
import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pytest_django import Settings

from alerts import channel_tests, endpoints, outgoing
from alerts.endpoints import BadUrl, check_url
from alerts.models import Endpoint, EndpointKind, NotificationState
from tests.alerts.sending.told import SENTENCE, Story, timeline_of
from tests.test_mail import Provider

STATE = NotificationState


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Provider]:
    """Takes what is posted; this machine may be posted to."""
    settings.DATTSS_PRIVATE_WEBHOOKS = True
    server = Provider(200, {"ok": True})
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url_of(receiver: Provider) -> str:
    return f"http://127.0.0.1:{receiver.server_port}/hook?room=ops"


def test_a_webhook_gets_the_incident_and_a_signature(story: Story, receiver: Provider) -> None:
    secret = endpoints.new_secret()
    told = story.posted(story.endpoint(EndpointKind.WEBHOOK, url_of(receiver), secret))
    assert story.send(told).state == STATE.DELIVERED
    path, headers, body = receiver.requests[0]
    assert path == "/hook?room=ops"
    # As https://www.standardwebhooks.com has it.
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    posted = json.loads(body)
    assert posted["type"] == "incident.alert"
    assert posted["sentence"] == SENTENCE
    assert posted["account"]["name"] == "Acme"
    assert [incident["number"] for incident in posted["incidents"]] == [1]
    assert told.incident is not None
    assert timeline_of(told.incident) == ["Webhook to Ops delivered."]


def test_a_repeat_has_the_same_id_and_a_new_signature(story: Story, receiver: Provider) -> None:
    told = story.posted(story.endpoint(EndpointKind.WEBHOOK, url_of(receiver), endpoints.new_secret()))
    receiver.status = 503
    for _ in range(3):
        assert story.send(told).state == STATE.PENDING
        story.clock.now = told.due
    receiver.status = 204
    assert story.send(told).state == STATE.DELIVERED
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, STATE.DELIVERED),
        (202, STATE.DELIVERED),
        (302, STATE.FAILED),
        (400, STATE.FAILED),
        (401, STATE.FAILED),
        (404, STATE.FAILED),
        (410, STATE.FAILED),
        (408, STATE.PENDING),
        (429, STATE.PENDING),
        (500, STATE.PENDING),
        (502, STATE.PENDING),
    ],
)
@pytest.mark.parametrize("kind", [EndpointKind.WEBHOOK, EndpointKind.SLACK])
def test_the_status_decides_whether_to_try_again(
    story: Story, receiver: Provider, kind: str, status: int, state: str
) -> None:
    receiver.status = status
    endpoint = story.endpoint(EndpointKind(kind), url_of(receiver), endpoints.new_secret())
    assert story.send(story.posted(endpoint)).state == state


def test_slack_gets_a_text_in_which_names_are_nothing_but_text(story: Story, receiver: Provider) -> None:
    hostile = "<!channel> <https://evil.example|click> & more"
    endpoint = story.endpoint(EndpointKind.SLACK, url_of(receiver))
    assert story.send(story.posted(endpoint, sentence=hostile)).state == STATE.DELIVERED
    text = json.loads(receiver.requests[0][2])["text"]
    assert text.startswith(
        "*Acme #1*: &lt;!channel&gt; &lt;https://evil.example|click&gt; &amp; more (<http://127.0.0.1:8000/a/"
    )


def test_a_removed_endpoint_is_told_nothing(story: Story, receiver: Provider) -> None:
    told = story.posted(story.endpoint(EndpointKind.SLACK, url_of(receiver)))
    Endpoint.objects.all().delete()
    told.refresh_from_db()
    assert story.send(told).state == STATE.SKIPPED
    assert receiver.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "localhost.",
    ],
)
def test_nobody_reaches_by_a_webhook_what_only_this_machine_reaches(
    story: Story, receiver: Provider, settings: Settings, host: str
) -> None:
    settings.DATTSS_PRIVATE_WEBHOOKS = False
    url = f"http://{host}:{receiver.server_port}/"
    sent = story.send(story.posted(story.endpoint(EndpointKind.SLACK, url)))
    assert receiver.requests == []
    assert sent.state == STATE.FAILED or sent.why == "The URL does not answer.", sent.why


def test_a_redirect_is_not_followed(story: Story, receiver: Provider) -> None:
    receiver.status = 307
    told = story.posted(story.endpoint(EndpointKind.WEBHOOK, url_of(receiver), endpoints.new_secret()))
    assert story.send(told).state == STATE.FAILED
    assert len(receiver.requests) == 1


class Dripping(socketserver.ThreadingTCPServer):
    """Sends a byte of its first line now and then, and never ends; `cut` says that whoever asked has gone."""

    daemon_threads = True

    def __init__(self) -> None:
        self.cut = threading.Event()
        super().__init__(("127.0.0.1", 0), self.Drip)

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            assert isinstance(self.server, Dripping)
            with suppress(OSError):
                while not self.server.cut.wait(0.02):
                    self.request.sendall(b"x")
            self.server.cut.set()


def test_who_never_ends_answering_holds_no_sender(
    story: Story, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATTSS_PRIVATE_WEBHOOKS = True
    monkeypatch.setattr(outgoing, "MOST_SECONDS", 0.3)
    with Dripping() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        told = story.send(story.posted(story.endpoint(EndpointKind.SLACK, url)))
        assert server.cut.wait(10)
        server.shutdown()
        thread.join()
    assert (told.state, told.doubtful) == (STATE.PENDING, 1)


def test_no_password_of_this_machine_goes_along(
    story: Story, receiver: Provider, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login root password secret\n")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    outgoing.post(url_of(receiver), b"{}", {})
    assert "Authorization" not in receiver.requests[0][1]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://user:password@hooks.example.org/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org/\r\nX: y",
        "https://hooks.example.org/ x",
        "https://hooks.example.org\\@evil.example/",
        "https://hööks.example.org/",
        "https://[::1/",
        "https://hooks.example.org/" + "x" * 500,
    ],
)
def test_an_url_that_cannot_be_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadUrl) as refused:
        check_url(url)
    assert refused.value.sentence.endswith(".")


def test_a_good_one_is_kept_as_it_is() -> None:
    url = "https://hooks.example.org:8443/services/T0/B0?x=%20"
    assert check_url(url) == url


def test_a_test_of_an_endpoint_is_told_as_such(story: Story, receiver: Provider) -> None:
    endpoint = story.endpoint(EndpointKind.WEBHOOK, url_of(receiver), endpoints.new_secret())
    told = channel_tests.try_endpoint(story.account, endpoint, story.person, story.clock.now)
    assert story.send(told).state == STATE.DELIVERED
    posted = json.loads(receiver.requests[0][2])
    assert (posted["type"], posted["incidents"]) == ("incident.test", [])
