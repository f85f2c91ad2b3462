"""Groups of errors in a real browser: they come live, open with their stack, and go when they are resolved."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.server import Keys, Server
from tests.stats.commits import body

pytestmark = pytest.mark.browser

STACK = 'Traceback (most recent call last):\n  File "/srv/shop/cart.py", line 3, in total\nKeyError: 1\n'


def fail(server: Server, keys: Keys, number: int) -> None:
    event = {"lvl": "error", "typ": "KeyError", "msg": f"<b>sku</b> {number}", "trc": STACK}
    assert server.commit(keys.key, body("web", evt=[event])).status == 200


def test_from_the_first_error_to_a_regression(server: Server, new_page: Callable[..., Page]) -> None:
    keys = server.new_account("errors@example.org")
    page = new_page()
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill("errors@example.org")
    page.get_by_label("Password").fill("correct-horse-battery")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{server.url}/a/{keys.account}/errors/")
    expect(page.get_by_text("No error yet.")).to_be_visible()

    fail(server, keys, 1)
    group = page.locator(".group")
    expect(group).to_contain_text("<b>sku</b> 1")
    expect(group.locator(".event-count")).to_contain_text("1")
    fail(server, keys, 2)
    expect(group).to_have_count(1)
    expect(group.locator(".event-count")).to_contain_text("2")

    group.locator("summary").click()
    expect(group).to_contain_text(
        "Grouped by KeyError and 1 frame of the program, the innermost total in shop/cart.py."
    )
    expect(group.locator("pre")).to_contain_text("line 3, in total")
    group.get_by_role("button", name="Resolve").click()
    expect(group).to_have_count(0)
    expect(page.get_by_text("Nothing here wants a look.")).to_be_visible()
    fail(server, keys, 3)
    expect(group).to_contain_text("came again")
