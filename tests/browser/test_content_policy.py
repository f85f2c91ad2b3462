"""In a real Chromium: no page trips over its own content policy, and no text of anybody's becomes markup."""

import json
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.accounts.access_table import ROUTES
from tests.accounts.routes import fill, parameters
from tests.server import Keys, Server
from tests.stats.commits import body, partial

pytestmark = pytest.mark.browser

PASSWORD = "correct-horse-battery"
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"\'{{7*7}}</textarea>\u202e'
EMAIL = '"<s>bob</s>"@example.org'
NO_PAGES = ("api/v1/", "api/schema", "clients/", "a/<account_id>/audit.csv")  # data, and files to keep
PAGES = [route for route in ROUTES if "GET" in ROUTES[route] and not route.startswith(NO_PAGES)]


@pytest.fixture
def keys(new_server: Callable[..., Server]) -> tuple[Server, Keys]:
    server = new_server()
    made = server.manage("account_create", EMAIL, "--name", HOSTILE[:80], "--password", PASSWORD, "--json")
    facts = json.loads(made.stdout)
    return server, Keys(facts["account"], facts["key"], facts["read_key"])


def test_no_text_becomes_markup_and_no_page_trips(keys: tuple[Server, Keys], new_page: Callable[..., Page]) -> None:
    server, account = keys
    page = new_page()
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    send_hostile_events(server, account)
    log_in(page, server)
    make_hostile_key(page, server, account)
    see_hostile_events(page, server, account)
    for route in PAGES:
        page.goto(server.url + fill(route, values(route, account)), wait_until="load")
        assert_harmless(page)
    assert dialogs == []


def test_the_api_can_be_read_and_tried(keys: tuple[Server, Keys], new_page: Callable[..., Page]) -> None:
    server, _ = keys
    page = new_page()
    page.goto(f"{server.url}/api/docs/")
    page.get_by_role("link", name="/api/v1/processes/", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_text("Authentication credentials were not provided").first).to_be_visible()


def values(route: str, account: Keys) -> dict[str, str]:
    others = dict.fromkeys(parameters(route), "1")
    return {**others, "account_id": str(account.account), "key_id": str(account.account * 2)}


def log_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Password").fill(PASSWORD)
    email = page.get_by_label("Email")
    email.evaluate("input => input.form.noValidate = true")  # browsers know less of addresses
    email.fill(EMAIL)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/a/*/")


def make_hostile_key(page: Page, server: Server, account: Keys) -> None:
    page.goto(f"{server.url}/a/{account.account}/keys/")
    page.get_by_label("Label").fill(HOSTILE[:80])
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_text(HOSTILE[:60]).first).to_be_visible()
    assert_harmless(page)


def send_hostile_events(server: Server, account: Keys) -> None:
    event = {"msg": HOSTILE, "typ": HOSTILE, "trc": f"File {HOSTILE}, line 1", "age": 0, "cnt": 1}
    commit = body("api", partial("new", [1]))
    commit["evt"] = [{**event, "lvl": "error"}, {**event, "lvl": "warning"}]
    request = Request(f"{server.url}/agg?auth={account.key}", json.dumps(commit).encode(), method="PUT")
    assert urlopen(request, timeout=20).status == 200


def see_hostile_events(page: Page, server: Server, account: Keys) -> None:
    for name in ("", "errors/", "warnings/"):
        page.goto(f"{server.url}/a/{account.account}/{name}")
        expect(page.get_by_text(HOSTILE[:40]).first).to_be_attached()
        assert_harmless(page)


def assert_harmless(page: Page) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x], s").count() == 0
