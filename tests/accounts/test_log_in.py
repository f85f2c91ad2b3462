"""The log-in side as people walk through it: in, out, a forgotten password, a new one."""

import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Account, Membership, Role, User
from tests.accounts.conftest import PASSWORD, person
from tests.accounts.mails import links_of, mailed_path

NEW_PASSWORD = "another long phrase"


@pytest.fixture
def browser(acme: Account) -> Client:
    return Client()


def log_in(browser: Client, email: str = "alice@example.org", password: str = PASSWORD, **fields: str) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password, **fields})


def test_logging_in_leads_to_the_dashboard(browser: Client, acme: Account) -> None:
    response = log_in(browser, "Alice@Example.org")
    assert response["Location"] == f"/a/{acme.pk}/"
    assert browser.get(f"/a/{acme.pk}/keys/").status_code == 200


def test_a_user_of_no_open_account_is_led_home(browser: Client, acme: Account) -> None:
    dora = person("dora@example.org")
    Membership.objects.create(user=dora, account=acme, role=Role.MEMBER)
    acme.closed = timezone.now()
    acme.save()
    assert log_in(browser, "dora@example.org")["Location"] == "/"


def test_a_log_in_leads_where_the_person_wanted_to_go(browser: Client, acme: Account) -> None:
    asked = browser.get(f"/a/{acme.pk}/keys/")
    assert asked.status_code == 302
    assert asked["Location"] == f"/accounts/login/?next=/a/{acme.pk}/keys/"
    assert log_in(browser, next=f"/a/{acme.pk}/keys/")["Location"] == f"/a/{acme.pk}/keys/"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "http://localhost/",
    "http://testserver@evil.example/",
]


@pytest.mark.parametrize("bad", ELSEWHERE)
def test_a_redirect_to_elsewhere_is_refused(browser: Client, acme: Account, bad: str) -> None:
    assert log_in(browser, next=bad)["Location"] == f"/a/{acme.pk}/"


@pytest.mark.parametrize("bad", ELSEWHERE)
def test_no_other_page_leads_elsewhere_either(browser: Client, alice: User, acme: Account, bad: str) -> None:
    browser.force_login(alice)
    asked = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": bad})
    assert asked["Location"] == f"/a/{acme.pk}/"
    assert browser.get("/accounts/login/", {"next": bad})["Location"] == f"/a/{acme.pk}/"
    assert browser.post("/accounts/logout/", {"next": bad})["Location"] == "/"
    browser.post("/accounts/signup/", {"email": "dora@example.org", "password1": PASSWORD, "team": ""})
    assert Client().post(f"{mailed_path()}?next={quote(bad)}")["Location"] == "/accounts/login/"


def test_guessing_a_password_is_stopped_whatever_the_host_header(browser: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    for attempt in range(5):
        browser.post(
            "/accounts/login/",
            {"login": "alice@example.org", "password": f"guess {attempt}"},
            headers={"host": f"host{attempt}.example"},
        )
    response = log_in(browser)
    assert response.status_code == 200
    assert "Too many failed login attempts" in response.content.decode()


def test_too_many_tries_from_one_place_get_a_page_that_says_so(browser: Client) -> None:
    responses = [browser.get("/accounts/login/")] + [log_in(browser, f"n{n}@example.org", "x") for n in range(31)]
    assert responses[-1].status_code == 429
    assert "Too many tries" in responses[-1].content.decode()


def test_a_closed_log_in_is_told_so(browser: Client, alice: User) -> None:
    alice.is_active = False
    alice.save()
    response = browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}, follow=True)
    assert "This log-in is closed" in response.content.decode()


def test_logging_out_takes_a_post(browser: Client, alice: User, acme: Account) -> None:
    browser.force_login(alice)
    assert "Log out" in browser.get("/accounts/logout/").content.decode()
    assert browser.get(f"/a/{acme.pk}/keys/").status_code == 200
    assert browser.post("/accounts/logout/")["Location"] == "/"
    assert browser.get(f"/a/{acme.pk}/keys/").status_code == 302


@pytest.mark.parametrize("path", ["login", "logout", "password/reset"])
def test_forms_need_a_csrf_token(alice: User, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    if path == "logout":
        browser.force_login(alice)
    assert browser.post(f"/accounts/{path}/", {"email": alice.email}).status_code == 403
    assert mail.outbox == []


def test_a_forgotten_password_is_reset_by_the_link_once(browser: Client, acme: Account) -> None:
    browser.post("/accounts/password/reset/", {"email": "ALICE@example.org"})
    path = mailed_path()
    form = browser.get(path, follow=True)
    action = form.redirect_chain[-1][0]
    browser.post(action, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert log_in(Client(), password=PASSWORD).status_code == 200
    assert log_in(Client(), password=NEW_PASSWORD)["Location"] == f"/a/{acme.pk}/"
    assert "This link does not work" in Client().get(path, follow=True).content.decode()


def test_the_link_leads_to_the_public_url_whatever_the_host_header(browser: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://stats.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    for email in ("alice@example.org", "nobody@example.org"):
        mail.outbox.clear()
        browser.post("/accounts/password/reset/", {"email": email}, headers={"host": "evil.example"})
        (link,) = links_of()
        assert urlsplit(link)[:2] == ("https", "stats.example.org")
        assert "evil.example" not in str(mail.outbox[0].message())


def test_without_a_mail_provider_the_page_says_where_the_mail_is(
    browser: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "accounts.outbox.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "outbox"
    page = browser.post("/accounts/password/reset/", {"email": "alice@example.org"}, follow=True)
    assert "<code>outbox</code>" in page.content.decode()
    assert str(tmp_path) not in page.content.decode()
    (written,) = (tmp_path / "outbox").iterdir()
    assert "/accounts/password/reset/key/" in written.read_text()


def test_with_a_mail_provider_no_folder_is_named(browser: Client) -> None:
    page = browser.post("/accounts/password/reset/", {"email": "alice@example.org"}, follow=True)
    assert "outbox" not in page.content.decode()


def test_a_mail_server_that_is_down_is_told_and_breaks_nothing(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        settings.EMAIL_HOST, settings.EMAIL_PORT = taken.getsockname()
        page = browser.post("/accounts/password/reset/", {"email": "alice@example.org"}, follow=True)
        signed_up = browser.post("/accounts/signup/", {"email": "dora@example.org", "password1": PASSWORD})
    assert "could not be sent" in page.content.decode()
    assert signed_up.status_code == 302
    assert User.objects.filter(email="dora@example.org").exists()


def test_a_link_that_confirms_nothing_says_so(browser: Client) -> None:
    assert "This link does not work" in browser.get("/accounts/confirm-email/nonsense/").content.decode()


def test_changing_the_password_needs_the_old_one(browser: Client, alice: User) -> None:
    browser.force_login(alice)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post("/accounts/password/change/", {"oldpassword": "wrong", **fields}).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, **fields}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
