"""The page of processes in a real browser: instances, restarts, plots, and a process that is removed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from stats.storage import paths
from tests.server import Server
from tests.stats.commits import body, partial

LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1440, "light"),
    (390, "light"),
    (390, "dark"),
    (1440, "dark"),
)


def logged_in(page: Page, server: Server, email: str) -> Page:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("correct-horse-battery")
    page.get_by_role("button", name="Log in").click()
    return page


def show(page: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)


def test_from_a_restart_to_a_removal(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    keys = server.new_account("processes@example.org")
    for minute in range(5):
        run = {"iid": f"run{minute}", "seq": 1, "upt": 5.0, "age": 300.0 - 60 * minute}
        server.commit(keys.key, body("cron", partial("x", [1]), **run))
    for worker in ("aaaaaaaa", "bbbbbbbb"):
        facts = {"iid": worker, "mem": 90 << 20, "cpu": 12.5, "hst": "web1", "ver": "python 0.1.0", "upt": 3700.0}
        server.commit(keys.key, body("web", partial("x", [1]), seq=1, err=2, **facts))
        server.commit(keys.key, body("web", partial("x", [1]), seq=4, **facts))
    page = logged_in(new_page(), server, "processes@example.org")
    other = page.context.new_page()
    for one in (page, other):
        one.goto(f"{server.url}/a/{keys.account}/processes/")
        expect(one.locator("tr.process")).to_have_count(2)
    cron, web = page.locator("tr.process").nth(0), page.locator("tr.process").nth(1)
    expect(cron).to_contain_text("restarts every minute")
    expect(web).to_contain_text("4 missing")
    expect(web).to_contain_text("180 MiB")
    expect(web).to_contain_text("25 %")
    web.get_by_role("button", name="web").click()
    detail = page.locator("tr.process-detail").nth(1)
    expect(detail).to_contain_text("2 instances up. 4 commits did not arrive.")
    expect(detail.locator("tbody tr")).to_have_count(2)
    expect(detail.locator("tbody tr").first).to_contain_text("python 0.1.0")
    cron.get_by_role("button", name="cron").click()
    for width, scheme in LOOKS:
        show(page, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"processes-{width}-{scheme}")
    show(page, 1440, "light")

    remove = page.get_by_role("button", name="Remove", exact=True)
    remove.first.click()
    question = page.get_by_role("dialog", name="Remove cron?")
    picture(page, "processes-question")
    question.get_by_role("button", name="Keep").click()
    expect(page.locator("tr.process")).to_have_count(2)
    remove.first.click()
    question.get_by_role("button", name="Remove").click()
    for one in (page, other):
        expect(one.locator("tr.process")).to_have_count(1)

    page.get_by_title("Memory of web: plot of the day").click()
    expect(page).to_have_url(f"{server.url}/a/{keys.account}/#plots=web/g/dattss.memory.bytes")
    expect(page.get_by_role("region", name=re.compile("web .* memory .* bytes"))).to_contain_text("90 MiB")
    picture(page, "processes-plot")


@pytest.mark.parametrize(("what", "field"), [("errors", "err"), ("warnings", "wrn")])
def test_errors_and_warnings_have_a_plot_of_today_beside_the_week(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None], what: str, field: str
) -> None:
    email = f"processes.{what}@example.org"
    keys = server.new_account(email)
    for ago in range(1, 8):
        stat = paths.Stat(keys.account, "web", "c", f"dattss.{what}")
        path = paths.prt_path(server.data / "stats", stat, datetime.now(UTC).date() - timedelta(days=ago))
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"{hour:02}:30,2,1{',2' * 6}\n" for hour in range(24)))
    server.commit(keys.key, body("web", **{field: 7}))
    page = logged_in(new_page(), server, email)
    page.goto(f"{server.url}/a/{keys.account}/processes/")
    link = page.get_by_title(f"{what.title()} of web: plot of the day")
    expect(link).to_have_text("7")
    link.click()
    plot = page.get_by_role("region", name=re.compile(f"web .* dattss .* {what}"))
    expect(plot.locator(".legend-today")).to_have_text("today")
    expect(plot.locator(".legend-usual")).to_have_text("average of 7 days")
    picture(page, f"processes-{what}")


def test_a_viewer_has_no_button(server: Server, new_page: Callable[..., Page]) -> None:
    keys = server.new_account("processes.owner@example.org")
    server.new_account("processes.viewer@example.org")
    done = server.manage("shell", "-c", VIEWER.format(account=keys.account))
    assert done.returncode == 0, done.stderr
    server.commit(keys.key, body("cron", age=300.0))
    page = logged_in(new_page(), server, "processes.viewer@example.org")
    page.goto(f"{server.url}/a/{keys.account}/processes/")
    page.get_by_role("button", name="cron").click()
    expect(page.locator("tr.process-detail")).to_contain_text("0 instances up")
    expect(page.get_by_role("button", name="Remove", exact=True)).to_have_count(0)


VIEWER = """
from accounts.models import Account, Membership, Role, User
user = User.objects.get(email="processes.viewer@example.org")
Membership.objects.create(user=user, account=Account.objects.get(pk={account}), role=Role.VIEWER)
"""
