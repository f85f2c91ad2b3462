"""The main job in a real browser: from signing up to a value on the page, its plot, and a restart of the server."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server

pytestmark = pytest.mark.browser

KEY = re.compile(r"[0-9]+_[0-9a-f]{40}")
PROGRAM = """
import sys, time, dattss
dts = dattss.process(name="api", auth=sys.argv[1], url=sys.argv[2], interval=1.0)
while True:
    dts.agg("query", "153ms")
    dts.agg("orders", "1c")
    dts.agg("routes.checkout", "42ms")
    dts.agg("live_users", "7g")
    dts.agg("mails.sent", "2c")
    dts.agg("queue", "3g")
    dts.agg("job.mail", "12ms")
    time.sleep(0.05)
"""


@contextmanager
def client_program(key: str, url: str) -> Iterator[None]:
    """A real program with the real client, as somebody would paste it."""
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, key, url], env=dict(os.environ))
    try:
        yield
    finally:
        program.terminate()
        program.wait(10)


def sign_up(page: Page, server: Server, email: str) -> str:
    """Signs up, confirms the address, and returns the key that the page shows once."""
    page.goto(server.url)
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("correct-horse-battery")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Confirm the e-mail address")).to_be_visible()
    expect(page.locator("main")).to_contain_text("its console")
    page.goto(server.mailed_link(email))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Waiting for the first commit")).to_be_visible()
    shown = page.locator("#new-key").inner_text()
    assert KEY.fullmatch(shown)
    return shown


def test_from_sign_up_to_a_plot_and_through_a_restart(
    new_server: Callable[..., Server], new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    server = new_server(True)  # the server makes its database
    page = new_page()
    key = sign_up(page, server, "alice@example.org")
    picture(page, "1-waiting")
    with client_program(key, server.url):
        # No reload from here on: a mark on the window would be lost with one.
        page.evaluate("window.notReloaded = true")
        row = page.get_by_role("treeitem").filter(has_text="query").first
        expect(row).to_be_visible(timeout=15_000)
        expect(row).to_contain_text("153")
        plot = page.locator(".plot").filter(has_text="query")
        if plot.count():  # among those that are opened for somebody who never chose any
            row.click()
            expect(plot).to_have_count(0)
        row.click()
        expect(plot.locator("canvas").first).to_be_visible(timeout=10_000)
        expect(plot).to_contain_text("The typical week appears tomorrow")
        picture(page, "2-plot")

        orders = page.get_by_role("treeitem").filter(has_text="orders").first
        server.stop()
        expect(page.locator("#connection")).not_to_contain_text("live", timeout=10_000)
        picture(page, "3-server-away")
        before = orders.inner_text()
        server.start()
        expect(page.locator("#connection")).to_contain_text("live", timeout=20_000)
        page.wait_for_function(
            "before => [...document.querySelectorAll('[role=treeitem]')]"
            ".some(row => row.innerText.includes('orders') && row.innerText !== before)",
            arg=before,
            timeout=20_000,
        )
        expect(plot.locator("canvas").first).to_be_visible()
        assert page.evaluate("window.notReloaded") is True

        page.reload()
        expect(plot).to_be_visible(timeout=10_000)
        expect(page.locator("body")).not_to_contain_text(key)


def test_the_demo_lives_within_fifteen_seconds_of_the_start(
    new_server: Callable[..., Server], new_page: Callable[..., Page]
) -> None:
    server = new_server()
    page = new_page()
    page.goto(f"{server.url}/demo/")
    expect(page.get_by_role("treeitem").filter(has_text="commits").first).to_be_visible(timeout=15_000)
    expect(page.get_by_role("treeitem").filter(has_text="host").first).to_be_visible(timeout=15_000)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_at_two_sizes_in_two_schemes(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None], width: int, scheme: str
) -> None:
    """With a made-up past week; nothing may be wider than the window."""
    email = f"board{width}{scheme}@example.org"
    keys = server.new_account(email)
    assert server.manage("demo_history", str(keys.account)).returncode == 0
    page = new_page(width, 900, scheme)
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("correct-horse-battery")
    page.get_by_role("button", name="Log in").click()
    with client_program(keys.key, server.url):
        for name in ("query", "orders", "live_users"):
            row = page.get_by_role("treeitem").filter(has_text=name).first
            expect(row).to_be_visible(timeout=15_000)
            if not page.locator(".plot").filter(has_text=name).count():
                row.click()
            expect(page.locator(".plot").filter(has_text=name).locator("canvas").first).to_be_visible(timeout=10_000)
        expect(page.locator(".plot").filter(has_text="orders")).to_contain_text("typical", timeout=10_000)
        picture(page, f"board-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
