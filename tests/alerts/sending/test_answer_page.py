"""The secret link of a message: it asks first, and answers in the name of who was told."""

import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.test.client import ClientHandler
from pytest_django import Settings

from accounts.models import Membership, Role
from alerts import links
from alerts.models import Channel, Incident, IncidentState, Notification, NotificationState
from alerts.saying import stored
from tests.alerts.sending.test_wording import FACTS
from tests.alerts.sending.told import SENTENCE, Story
from tests.smtp_server import Mailbox, text_of


@pytest.fixture
def link(story: Story, mailbox: Mailbox) -> str:
    """The path of the link in a mail."""
    story.send(story.told(Channel.EMAIL))
    found = re.search(r"http\S+/alerts/answer/\S+", text_of(mailbox.mails[0]))
    assert found
    return urlsplit(found[0]).path


def state() -> str:
    return Incident.objects.get().state


def test_to_look_at_it_changes_nothing(link: str) -> None:
    for _ in range(2):
        for method in ("get", "head"):
            assert getattr(Client(), method)(link).status_code == 200
    assert SENTENCE in Client().get(link).content.decode()
    assert state() == IncidentState.FIRING


def test_its_times_are_the_readers(story: Story) -> None:
    story.person.timezone = "Asia/Kolkata"
    story.person.save()
    incident = story.incident(sentence=FACTS.written(ZoneInfo("UTC")))
    incident.facts = stored(FACTS)
    incident.save()
    page = Client().get(urlsplit(links.answer_link(story.told(Channel.EMAIL, incident))).path).content.decode()
    assert "a typical Tuesday 18:35" in page


def test_a_scanner_that_posts_without_the_page_changes_nothing(link: str) -> None:
    scanner = Client()
    scanner.handler = ClientHandler(enforce_csrf_checks=True)
    assert scanner.post(link, {"do": "acknowledge"}).status_code == 403
    assert scanner.post(link, {"do": "acknowledge"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert state() == IncidentState.FIRING


def test_the_button_of_the_page_acknowledges_in_the_name_of_who_was_told(story: Story, link: str) -> None:
    later = story.told(Channel.SMS, Incident.objects.get(), step=1, due=story.clock.now.replace(year=2027))
    browser = Client()
    browser.handler = ClientHandler(enforce_csrf_checks=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(link).content.decode())
    assert token
    page = browser.post(link, {"do": "acknowledge", "csrfmiddlewaretoken": token[1]})
    assert "Done." in page.content.decode()
    incident = Incident.objects.get()
    assert (incident.state, incident.acknowledged_by, incident.acknowledged_how) == (
        IncidentState.ACKNOWLEDGED,
        story.person,
        "link",
    )
    later.refresh_from_db()
    assert later.state == NotificationState.CANCELLED
    assert "Acknowledge</button>" not in browser.get(link).content.decode()


def test_it_can_be_resolved_once(link: str) -> None:
    assert "Done." in Client().post(link, {"do": "resolve"}).content.decode()
    assert state() == IncidentState.RESOLVED
    page = Client().post(link, {"do": "resolve"}).content.decode()
    assert "Somebody was faster." in page
    assert "It is over." in page


@pytest.mark.parametrize("form", [{}, {"do": ""}, {"do": "delete"}, {"do": "x" * 10_000}, {"do": "\x00"}])
def test_another_word_changes_nothing(link: str, form: dict[str, str]) -> None:
    assert Client().post(link, form).status_code == 200
    assert state() == IncidentState.FIRING


@pytest.mark.parametrize("how", ["viewer", "left"])
def test_who_may_not_any_more_finds_nothing(link: str, how: str) -> None:
    if how == "viewer":
        Membership.objects.update(role=Role.VIEWER)
    else:
        Membership.objects.all().delete()
    for method in ("get", "post"):
        assert getattr(Client(), method)(link, {"do": "acknowledge"}).status_code == 404
    assert state() == IncidentState.FIRING


def test_a_link_is_good_for_its_message_and_with_the_servers_key_only(
    story: Story, link: str, settings: Settings
) -> None:
    secret = link.rstrip("/").rpartition("/")[2]
    other = story.told(Channel.EMAIL)
    mac = secret.partition("-")[2]
    for forged in (f"{other.pk}-{mac}", f"{secret}0", secret[:-1], secret.upper(), f"0{secret}", f"{'9' * 18}-{mac}"):
        assert Client().get(f"/alerts/answer/{forged}/").status_code == 404, forged
    settings.SECRET_KEY = "another"
    assert Client().get(link).status_code == 404


def test_a_copy_of_the_database_without_its_salts_makes_no_link(link: str) -> None:
    Incident.objects.update(salt="x")
    assert Client().get(link).status_code == 404


def test_the_secret_goes_to_no_other_site_and_is_kept_nowhere(link: str) -> None:
    page = Client().get(link)
    assert page["Referrer-Policy"] == "same-origin"
    assert "no-store" in page["Cache-Control"]
    told = Notification.objects.get()
    assert links.answer_link(told).endswith(link)
    assert link.rstrip("/")[-40:] not in str(Notification.objects.values().get()) + str(Incident.objects.values().get())
