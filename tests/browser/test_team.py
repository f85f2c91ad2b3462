"""A team comes together in real browsers: sign up, confirm, invite, join; a viewer sees and cannot change."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server
from tests.stats.commits import body, partial

pytestmark = pytest.mark.browser
PASSWORD = "correct-horse-battery"


def log_in(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("details.person")).to_contain_text(email)


def sign_up_from_an_invitation(page: Page, server: Server, email: str, link: str) -> None:
    """From the page that the link leads to until the address is confirmed, and back to that page."""
    page.goto(link)
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    expect(page.get_by_label("Email")).to_have_value(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("button", name="Sign up")).to_have_count(0)
    page.goto(server.mailed_link(email))
    page.get_by_role("button", name="Confirm").click()
    page.goto(link)


def test_sign_up_invite_join_and_a_viewer_who_sees_and_cannot_change(
    new_server: Callable[..., Server], new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    people = f"{server.url}/a/{keys.account}/people/"

    alice = new_page()
    log_in(alice, server, "alice@example.org")
    alice.goto(people)
    alice.get_by_label("E-mail address").fill("vera@example.org")
    alice.get_by_label("Role", exact=True).select_option("viewer")
    alice.get_by_role("button", name="Send the invitation").click()
    expect(alice.locator(".messages")).to_contain_text("Sent an invitation to vera@example.org")
    expect(alice.get_by_role("row").filter(has_text="vera@example.org")).to_contain_text("open until")
    picture(alice, "team-invited")

    vera = new_page(390, 844)
    sign_up_from_an_invitation(vera, server, "vera@example.org", server.mailed_link("vera@example.org"))
    expect(vera.get_by_role("main")).to_contain_text("alice@example.org invites vera@example.org")
    picture(vera, "team-invitation")
    vera.get_by_role("button", name="Join alice").click()
    expect(vera).to_have_url(f"{server.url}/a/{keys.account}/")

    # She sees: values arrive on her page.
    expect(vera.locator("#connection")).to_have_attribute("data-state", "live", timeout=15_000)
    server.commit(keys.key, body("api", partial("orders", [1])))
    expect(vera.get_by_role("treeitem").filter(has_text="orders").first).to_be_visible(timeout=15_000)

    # She cannot change: no page offers it, and what she sends all the same is refused.
    for path in ("people/", "settings/", "keys/"):
        vera.goto(f"{server.url}/a/{keys.account}/{path}")
        expect(vera.get_by_role("heading", level=1)).to_be_visible()
        expect(vera.locator("main form")).to_have_count(0)
    token = vera.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    headers = {"Referer": server.url}
    form: dict[str, str | float | bool] = {
        "csrfmiddlewaretoken": token,
        "name": "Mine",
        "email": "eve@example.org",
        "role": "viewer",
    }
    for path in ("people/", "settings/", "keys/"):
        answer = vera.request.post(f"{server.url}/a/{keys.account}/{path}", form=form, headers=headers)
        assert answer.status == 403
        assert "may look but not do this" in answer.text()

    # Removed, her open page says so at once.
    vera.goto(f"{server.url}/a/{keys.account}/")
    expect(vera.locator("#connection")).to_have_attribute("data-state", "live", timeout=15_000)
    alice.goto(people)
    alice.get_by_role("link", name="Remove vera@example.org").click()
    alice.get_by_role("button", name="Remove vera@example.org").click()
    expect(vera.locator("#connection")).to_have_attribute("data-state", "refused", timeout=5_000)
    vera.reload()
    expect(vera.get_by_role("heading", name="No such page")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_people_at_two_sizes_in_two_schemes(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None], width: int, scheme: str
) -> None:
    """Nothing may be wider than the window, however long an address is."""
    email = f"people{width}{scheme}@example.org"
    account = server.new_account(email).account
    page = new_page(width, 900, scheme)
    log_in(page, server, email)
    page.goto(f"{server.url}/a/{account}/people/")
    page.get_by_label("E-mail address").fill("a-very-long-name-of-somebody@department-of-something.example.org")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    for path in (f"a/{account}/people", f"a/{account}/settings", "your-accounts", f"a/{account}/leave"):
        page.goto(f"{server.url}/{path}/")
        picture(page, f"{path.rpartition('/')[2]}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
