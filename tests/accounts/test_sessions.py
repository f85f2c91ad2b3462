import time
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.sessions import SEEN_STEP, browser_in
from tests.accounts.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def log_in(user: User, agent: str = FIREFOX, address: str = "192.0.2.1") -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def test_the_page_lists_where_somebody_is_logged_in(alice: User, bob: User) -> None:
    browser = log_in(alice)
    log_in(alice, CHROME, "192.0.2.2")
    log_in(bob, IPHONE, "192.0.2.3")
    page = browser.get("/accounts/sessions/").content.decode()
    assert "Firefox on Linux (this one)" in page
    assert "Chrome on Windows" in page
    assert "192.0.2.2" in page
    assert "192.0.2.3" not in page


def test_signing_out_the_others_takes_effect_at_once(alice: User, bob: User) -> None:
    browser, other, foreign = log_in(alice), log_in(alice, CHROME, "192.0.2.2"), log_in(bob)
    assert other.get("/profile/").status_code == 200
    page = browser.post("/accounts/sessions/", follow=True)
    assert "All other sessions are logged out." in page.content.decode()
    assert other.get("/profile/").status_code == 302
    assert browser.get("/profile/").status_code == 200
    assert foreign.get("/profile/").status_code == 200
    ended = AuditEntry.objects.get(action="session.ended")
    assert (ended.user, ended.target) == (alice, "Chrome on Windows, 192.0.2.2")


def test_the_page_shows_what_happened_to_the_own_log_in_only(alice: User, bob: User) -> None:
    Client().post("/accounts/login/", {"login": alice.email, "password": "wrong"}, REMOTE_ADDR="203.0.113.9")
    Client().post("/accounts/login/", {"login": bob.email, "password": "wrong"}, REMOTE_ADDR="203.0.113.10")
    page = log_in(alice).get("/accounts/sessions/").content.decode()
    assert "Wrong password" in page
    assert "203.0.113.9" in page
    assert "Logged in with password" in page
    assert "203.0.113.10" not in page


def test_the_last_use_is_noted_now_and_then(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = log_in(alice)
    browser.get("/profile/")
    first = UserSession.objects.get()
    browser.get("/profile/", REMOTE_ADDR="192.0.2.99")
    assert UserSession.objects.get().last_seen_at == first.last_seen_at
    later = time.time() + SEEN_STEP
    monkeypatch.setattr("accounts.sessions.time.time", lambda: later)
    browser.get("/profile/", REMOTE_ADDR="192.0.2.99")
    seen = UserSession.objects.get()
    assert seen.last_seen_at > first.last_seen_at
    assert seen.ip == "192.0.2.99"


def test_a_request_without_a_session_asks_no_database(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        Client().get("/accounts/login/")


def test_a_client_without_an_address_logs_in(alice: User) -> None:
    """As behind a unix socket."""
    browser = Client(REMOTE_ADDR="")
    assert browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).status_code == 302
    assert browser.get("/accounts/sessions/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Windows"),
        (IPHONE, "Safari on iPhone"),
        (f"{CHROME} Edg/139.0.0.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown"),
        ("/", "Unknown"),
        ("x" * 500, "x" * 40),
    ],
)
def test_browsers_are_called_what_people_call_them(agent: str, name: str) -> None:
    assert browser_in(agent) == name
