"""Keys in a real browser, and the admin site under the site's own content policy."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server
from tests.stats.commits import body, partial

PASSWORD = "correct-horse-battery"
KEY = re.compile(r"\d+_[0-9a-f]{40}")


@pytest.fixture(scope="module")
def admin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("admin") / "data", DATTSS_ADMIN="1", UDP_PORT="0").start()
    server.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    assert server.manage("createsuperuser", "--noinput", "--email", "root@example.org").returncode == 0
    yield server
    server.stop()


def log_in(page: Page, server: Server, path: str, email: str) -> None:
    page.goto(server.url + path)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(server.url + path)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_a_key_is_replaced_and_both_work_until_the_old_one_ends(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None], width: int
) -> None:
    email = f"keys{width}@example.org"
    keys = server.new_account(email, PASSWORD)
    page = new_page(width=width)
    log_in(page, server, f"/a/{keys.account}/keys/", email)
    page.get_by_role("link", name="Replace First key").click()
    page.get_by_label("The old key ends").select_option("in 1 hour")
    page.get_by_role("button", name="Replace the key").click()
    shown = page.get_by_role("region", name="The new key").locator("code").inner_text()
    assert KEY.fullmatch(shown)
    expect(page.get_by_role("table")).to_contain_text("replaced")
    picture(page, f"keys-{width}")
    for raw in (keys.key, shown):
        assert server.commit(raw, body("api", partial("x", [1]))).status == 200
    page.reload()
    assert not KEY.search(page.content())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_the_admin_site_works_under_the_content_policy(admin_server: Server, new_page: Callable[..., Page]) -> None:
    keys = admin_server.new_account("alice@example.org", PASSWORD)
    page = new_page()
    log_in(page, admin_server, "/admin/", "root@example.org")
    for path in ("user/", "account/", "apikey/", "auditentry/", f"account/{keys.account}/change/"):
        page.goto(f"{admin_server.url}/admin/accounts/{path}")
        expect(page.locator("#site-name")).to_have_text("DaTtSs")
    page.goto(f"{admin_server.url}/admin/accounts/user/")
    page.get_by_role("link", name="alice@example.org").click()
    page.get_by_label("Is active").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
