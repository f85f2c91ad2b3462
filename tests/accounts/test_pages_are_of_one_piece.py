"""Every page of the log-in side has the site's frame, labelled fields and hints for password managers."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Account, Contact, User
from tests.accounts.pages import read_page
from tests.twilio_server import Twilio

OPEN_PAGES = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/nonsense/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-nonsense/",
    "/accounts/password/reset/key/done/",
]
OWN_PAGES = [
    "/profile/",
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
]


def look_at(browser: Client, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 200
    templates = [template.name for template in response.templates]
    assert "base.html" in templates
    text = response.content.decode()
    assert text.count("<h1>") == 1
    assert "Menu:" not in text
    page = read_page(response.content)
    for found in page.visible_inputs():
        assert found["id"] in page.labelled or found.get("aria-label")
        assert "placeholder" not in found or found["type"] == "search"
        assert set(found.get("aria-describedby", "").split()) <= page.ids
        if found.get("type") == "password":
            assert found["autocomplete"] in ("current-password", "new-password")


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_pages_for_everybody(db: None, path: str) -> None:
    look_at(Client(), path)


@pytest.mark.parametrize("path", OWN_PAGES)
def test_pages_for_who_is_logged_in(alice: User, browser_of: Callable[[User], Client], path: str) -> None:
    look_at(browser_of(alice), path)


def test_the_page_to_set_a_first_password(browser_of: Callable[[User], Client], db: None) -> None:
    look_at(browser_of(User.objects.create_user("dora@example.org")), "/accounts/password/set/")


def test_the_contacts_pages(alice: User, acme: Account, twilio: Twilio, browser_of: Callable[[User], Client]) -> None:
    contact = Contact.objects.create(account=acme, user=alice, medium="email", address="a@example.org")
    for path in ("", "email/", "phone/", f"{contact.pk}/confirm/", f"{contact.pk}/remove/"):
        look_at(browser_of(alice), f"/a/{acme.pk}/contacts/{path}")


def test_the_keys_pages(alice: User, acme: Account, browser_of: Callable[[User], Client]) -> None:
    (key,) = acme.keys.all()
    look_at(browser_of(alice), f"/a/{acme.pk}/keys/")
    look_at(browser_of(alice), f"/a/{acme.pk}/keys/{key.pk}/revoke/")
