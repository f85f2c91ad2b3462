"""Errors as they are read: hostile texts, what is new, and the notice on other pages."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_processes import LOOKS, logged_in, show
from tests.server import Keys, Server
from tests.stats.commits import body

STACK = """Traceback (most recent call last):
  File "/srv/venv/lib/python3.11/site-packages/django/core.py", line 47, in inner
    response = get_response(request)
  File "/srv/shop/cart.py", line 3, in total
    return prices[sku]
KeyError: \x1b[31m1\x1b[0m
"""
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\x00\u202eevil\ud800"


def fail(server: Server, keys: Keys, process: str, msg: str, **more: object) -> None:
    event = {"lvl": "error", "typ": "KeyError", "msg": msg, **more}
    assert server.commit(keys.key, body(process, evt=[event])).status == 200


def test_hostile_and_long_texts(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    keys = server.new_account("hostile@example.org")
    fail(server, keys, "web", HOSTILE, trc=STACK)
    fail(server, keys, "cron", "long " + "x" * 900_000)
    page = logged_in(new_page(), server, "hostile@example.org")
    page.goto(f"{server.url}/a/{keys.account}/errors/")
    rows = page.locator("#event-rows > li")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("<img src=x onerror=alert(1)>\\x1b[31m\\x00\\u202eevil\\ud800")
    assert page.locator("img").count() == 0
    expect(rows.nth(0)).to_contain_text("more characters)")
    assert len(rows.nth(0).inner_text()) < 1000
    rows.nth(0).locator("summary").click()
    expect(rows.nth(0).locator("pre")).to_contain_text("[cut: 883,621 more characters]")
    rows.nth(1).locator("summary").click()
    expect(rows.nth(1).locator("pre")).to_contain_text("KeyError: \\x1b[31m1\\x1b[0m")
    expect(rows.nth(1).locator(".library")).to_have_count(2)
    group = page.locator(".group", has_text="img")
    group.locator("summary").click()
    expect(group.locator("pre")).to_contain_text("\\x1b[31m1")
    picture(page, "errors-hostile")
    page.get_by_label("Process", exact=True).select_option("cron")
    expect(rows).to_have_count(1)
    expect(page.locator(".group")).to_have_count(1)
    page.get_by_label("Process", exact=True).select_option("")
    for width, scheme in LOOKS:
        show(page, width, scheme)
        picture(page, f"errors-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_new_since_the_last_visit(server: Server, new_page: Callable[..., Page]) -> None:
    keys = server.new_account("visits@example.org")
    fail(server, keys, "web", "first")
    page = logged_in(new_page(), server, "visits@example.org")
    errors = f"{server.url}/a/{keys.account}/errors/"
    page.goto(errors)
    rows = page.locator("#event-rows > li")
    expect(rows).to_have_count(1)
    expect(page.locator(".event-new")).to_have_count(0)
    page.goto(f"{server.url}/a/{keys.account}/processes/")
    fail(server, keys, "web", "second")
    page.goto(errors)
    expect(rows).to_have_count(2)
    expect(page.locator(".event-new")).to_have_count(1)
    expect(rows.first).to_contain_text("new KeyError second")
    page.reload()
    expect(rows).to_have_count(2)
    expect(page.locator(".event-new")).to_have_count(0)


def test_a_notice_on_other_pages(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    keys = server.new_account("notices@example.org")
    server.commit(keys.key, body("web", mem=1 << 20, cpu=1.0))
    page = logged_in(new_page(), server, "notices@example.org")
    notice = page.get_by_role("status").locator(".toast")
    for path in ("", "processes/", "warnings/"):
        page.goto(f"{server.url}/a/{keys.account}/{path}")
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        fail(server, keys, "web", "boom", cnt=3)
        expect(notice).to_contain_text("3 new errors in web")
        picture(page, f"notice-{path.strip('/') or 'dashboard'}")
    for path in (f"/a/{keys.account}/people/", "/profile/"):
        with page.expect_websocket() as opened:
            page.goto(server.url + path)
        opened.value.wait_for_event("framereceived")
        fail(server, keys, "web", "boom", cnt=4)
        expect(notice).to_contain_text("4 new errors in web")
        picture(page, f"notice-{path.split('/')[-2]}")
    notice.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/errors/$"))
    expect(notice).to_have_count(0)
    switch = page.get_by_role("button", name="Notices")
    expect(switch).to_have_attribute("aria-pressed", "true")

    page.goto(f"{server.url}/a/{keys.account}/")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    fail(server, keys, "web", "boom")
    notice.get_by_role("button", name="No notices").click()
    expect(notice).to_have_count(0)
    page.goto(f"{server.url}/a/{keys.account}/errors/")
    expect(switch).to_have_attribute("aria-pressed", "false")
