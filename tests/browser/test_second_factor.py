"""Second factors in a real browser: an app's codes, codes for emergencies, and Chromium's own passkeys."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from tests.server import Server

pytestmark = pytest.mark.browser

PASSWORD = "correct-horse-battery"
_serial = iter(range(1_000))


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that people reach by a name: passkeys are bound to one."""
    server = Server(tmp_path_factory.mktemp("named") / "data")
    server.url = f"http://localhost:{server.port}"
    server.environment["PUBLIC_URL"] = server.url
    yield server.start()
    server.stop()


@pytest.fixture
def email(named: Server) -> str:
    email = f"person{next(_serial)}@example.org"
    named.new_account(email, PASSWORD)
    return email


def log_in(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def say_the_password_again(page: Page) -> None:
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def log_out(page: Page) -> None:
    page.locator(".person > summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def plug_in_device(page: Page) -> None:
    """A device of this browser that keeps passkeys, and that somebody is always willing to touch."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    ways = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    willing = {"isUserVerified": True, "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**ways, **willing}})


def fresh_code(secret: str) -> str:
    """A code that was not used yet: that of the next 30 seconds, once the one of now was."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + 1)))


def code_of_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_an_app_is_set_up_and_logs_in_and_a_recovery_code_works_once(
    named: Server, email: str, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    page = new_page()
    log_in(page, named, email)
    page.goto(f"{named.url}/accounts/2fa/")
    picture(page, "factor-none")
    page.get_by_role("link", name="Set it up").click()
    say_the_password_again(page)
    drawn = "document.querySelector('img.qr').complete && document.querySelector('img.qr').naturalWidth > 0"
    page.wait_for_function(drawn)
    picture(page, "factor-app")
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Authenticator code").fill(code_of_now(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator(".codes code").all_inner_texts()
    assert len(recovery) == 10
    picture(page, "factor-recovery")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them").click()
    assert Path(download.value.path()).read_text().split() == recovery
    log_out(page)

    log_in(page, named, email)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    picture(page, "factor-asked")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("main")).to_contain_text("Incorrect code")
    page.get_by_label("Code").fill(fresh_code(secret))
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/a/\d+/$"))
    log_out(page)

    for works in (True, False):
        log_in(page, named, email)
        page.get_by_label("Code").fill(recovery[0])
        page.get_by_role("button", name="Log in", exact=True).click()
        if works:
            expect(page).to_have_url(re.compile(r"/a/\d+/$"))
            log_out(page)
    expect(page.locator("main")).to_contain_text("Incorrect code")


def test_a_passkey_is_added_logs_in_alone_and_is_removed(
    named: Server, email: str, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    page = new_page()
    plug_in_device(page)
    log_in(page, named, email)
    page.goto(f"{named.url}/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    say_the_password_again(page)
    page.get_by_label("Name").fill("Laptop")
    picture(page, "passkey-add")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    log_out(page)

    page.goto(f"{named.url}/accounts/login/")
    picture(page, "passkey-login")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page).to_have_url(re.compile(r"/a/\d+/$"))
    log_out(page)

    log_in(page, named, email)  # with the password, the passkey is the second factor
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(r"/a/\d+/$"))

    page.goto(f"{named.url}/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("Laptop")
    expect(page.locator("main")).to_contain_text("alone")
    picture(page, "passkey-list")
    page.get_by_role("link", name="Rename Laptop").click()
    if page.get_by_role("heading", name="Confirm that it is you").is_visible():
        say_the_password_again(page)
    page.get_by_label("Name").fill("Old laptop")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="Remove Old laptop").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("main")).to_contain_text("You have no passkey.")
    log_out(page)

    page.goto(f"{named.url}/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator(".messages")).to_contain_text("This passkey is not known here.")
    page.goto(f"{named.url}/profile/")
    expect(page).to_have_url(re.compile(r"/accounts/login/"))


def test_a_browser_without_a_passkey_says_so(named: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    plug_in_device(page)
    page.goto(f"{named.url}/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done", timeout=15_000)


def test_without_a_name_the_page_says_why_there_are_no_passkeys(server: Server, new_page: Callable[..., Page]) -> None:
    email = "nameless@example.org"
    server.new_account(email, PASSWORD)
    page = new_page()
    log_in(page, server, email)
    page.goto(f"{server.url}/accounts/2fa/")
    expect(page.locator("main")).to_contain_text("PUBLIC_URL")
    expect(page.get_by_role("link", name="Add a passkey")).to_have_count(0)


def test_signing_out_the_others_ends_them_at_once(
    named: Server, email: str, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    here, there = new_page(), new_page()
    log_in(there, named, email)
    log_in(here, named, email)
    here.goto(f"{named.url}/accounts/sessions/")
    picture(here, "sessions")
    here.get_by_role("button", name="Log out all others").click()
    expect(here.locator(".messages")).to_contain_text("All other sessions are logged out.")
    there.goto(f"{named.url}/profile/")
    expect(there).to_have_url(re.compile(r"/accounts/login/"))
