"""Every page of the log-in side has the site's frame, labelled fields and hints for password managers."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as site
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, Contact, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.pages import Page, read_page
from tests.accounts.passkeys import credential
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
    "/accounts/sessions/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
]
GUARDED_PAGES = [
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/webauthn/keys/KEY/edit/",
    "/accounts/2fa/webauthn/keys/KEY/remove/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/webauthn/reauthenticate/",
]


def flaws(browser: Client, path: str) -> list[str]:
    """What is wrong with a page, in words; nothing with one that is of a piece with all others."""
    response = browser.get(path)
    if response.status_code != 200:
        return [f"it is answered {response.status_code}"]
    text = response.content.decode()
    own = str(site.BASE_DIR / "templates")
    wrong = {
        "it is not in the site's frame": "base.html" not in [template.name for template in response.templates],
        "its template is allauth's own": not str(response.templates[0].origin.name).startswith(own),
        "it has not one heading": text.count("<h1>") != 1,
        "it has allauth's menu": "Menu:" in text,
    }
    return [flaw for flaw, found in wrong.items() if found] + flaws_of_fields(read_page(response.content))


def flaws_of_fields(page: Page) -> list[str]:
    found = []
    for field in page.visible_inputs():
        wrong = {
            "has no label": field["id"] not in page.labelled and not field.get("aria-label"),
            "has a placeholder": "placeholder" in field and field["type"] != "search",
            "is described by nothing": not set(field.get("aria-describedby", "").split()) <= page.ids,
            "tells password managers nothing": field.get("type") == "password"
            and field.get("autocomplete") not in ("current-password", "new-password"),
        }
        found += [f"{field['id']} {flaw}" for flaw, is_so in wrong.items() if is_so]
    return found


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_pages_for_everybody(db: None, path: str) -> None:
    assert flaws(Client(), path) == []


@pytest.mark.parametrize("path", OWN_PAGES)
def test_pages_for_who_is_logged_in(alice: User, browser_of: Callable[[User], Client], path: str) -> None:
    assert flaws(browser_of(alice), path) == []


@pytest.mark.parametrize("path", GUARDED_PAGES)
def test_pages_behind_the_password(
    alice: User, browser_of: Callable[[User], Client], path: str, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://stats.example.org"  # where passkeys are possible
    browser = browser_of(alice)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    key = Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Key", "credential": credential()})
    RecoveryCodes.activate(alice)
    if path != "/accounts/2fa/totp/activate/":
        TOTP.activate(alice, "A" * 32)
    assert flaws(browser, path.replace("KEY", str(key.pk))) == []


def test_the_page_that_asks_for_a_second_factor(alice: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://stats.example.org"
    TOTP.activate(alice, "A" * 32)
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert flaws(browser, "/accounts/2fa/authenticate/") == []


def test_the_page_to_set_a_first_password(browser_of: Callable[[User], Client], db: None) -> None:
    assert flaws(browser_of(User.objects.create_user("dora@example.org")), "/accounts/password/set/") == []


def test_the_audit_log(alice: User, acme: Account, browser_of: Callable[[User], Client]) -> None:
    assert flaws(browser_of(alice), f"/a/{acme.pk}/audit/") == []


def test_the_contacts_pages(alice: User, acme: Account, twilio: Twilio, browser_of: Callable[[User], Client]) -> None:
    contact = Contact.objects.create(account=acme, user=alice, medium="email", address="a@example.org")
    for path in ("", "email/", "phone/", f"{contact.pk}/confirm/", f"{contact.pk}/remove/"):
        assert flaws(browser_of(alice), f"/a/{acme.pk}/contacts/{path}") == []


def test_the_keys_pages(alice: User, acme: Account, browser_of: Callable[[User], Client]) -> None:
    (key,) = acme.keys.all()
    assert flaws(browser_of(alice), f"/a/{acme.pk}/keys/") == []
    for deed in ("rename", "replace", "revoke"):
        assert flaws(browser_of(alice), f"/a/{acme.pk}/keys/{key.pk}/{deed}/") == []
