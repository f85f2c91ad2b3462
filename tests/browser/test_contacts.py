"""Contacts in a real browser: added, confirmed by the code that a telephone received, removed."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_profile import log_in
from tests.server import Server, running
from tests.twilio_server import Twilio, running_twilio

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def telephone() -> Iterator[Twilio]:
    with running_twilio() as twilio:
        yield twilio


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory, telephone: Twilio) -> Iterator[Server]:
    yield from running(tmp_path_factory.mktemp("connected") / "data", **telephone.settings)


def latest_mail(server: Server) -> str:
    newest = max((server.data / "outbox").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return newest.read_text()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_and_an_address_are_added_and_confirmed(
    connected: Server,
    telephone: Twilio,
    new_page: Callable[..., Page],
    picture: Callable[[Page, str], None],
    *,
    width: int,
    scheme: str,
) -> None:
    email = f"contacts{width}{scheme}@example.org"
    number = f"+49 1512 {width:04}{len(scheme)}00"
    account = connected.new_account(email).account
    page = new_page(width, 900, scheme, zone="Europe/Berlin")
    log_in(page, connected, email)
    page.goto(f"{connected.url}/a/{account}/contacts/")

    def look(name: str) -> None:
        picture(page, f"contacts-{name}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    look("none")
    page.get_by_role("link", name="Add a phone number").click()
    page.get_by_label("Phone number").fill("030 901820")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".field-error")).to_contain_text("Begin with + and the code of the country")
    look("refused")
    page.get_by_label("Phone number").fill(number)
    page.get_by_role("button", name="Add").click()
    expect(page.locator("main")).to_contain_text("A code of six digits was sent by SMS.")
    look("code")
    page.get_by_label("Code").fill("12")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".field-error")).to_contain_text("A code has 6 digits")
    page.get_by_role("button", name="Call me with a new code").click()
    expect(page.locator("main")).to_contain_text("We call you")
    page.get_by_label("Code").fill(telephone.requests[-1].code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".messages")).to_contain_text("Confirmed +49 1512")

    page.get_by_role("link", name="Add an e-mail address").click()
    page.get_by_label("E-mail address").fill(f"ops-{email}")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("main")).to_contain_text("by e-mail")
    (code,) = re.findall(r"^([0-9]{6}) is your code", latest_mail(connected), re.MULTILINE)
    look("mailed")
    page.goto(f"{connected.url}/a/{account}/contacts/")
    look("two")
    page.get_by_role("link", name=f"Confirm ops-{email}").click()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("tbody tr")).to_contain_text(["confirmed", "confirmed"])

    page.get_by_role("link", name=f"Remove ops-{email}").click()
    look("remove")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".messages")).to_contain_text(f"Removed ops-{email}.")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_without_a_provider_the_page_says_what_to_set(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    account = server.new_account("noprovider@example.org").account
    page = new_page()
    log_in(page, server, "noprovider@example.org")
    page.goto(f"{server.url}/a/{account}/contacts/")
    expect(page.locator(".note")).to_contain_text("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM")
    expect(page.get_by_role("link", name="Add a phone number")).to_have_count(0)
    picture(page, "contacts-no-provider")
