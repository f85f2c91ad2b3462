"""Percentiles in a timer's plot: off until they are chosen, drawn, named, told in the table, and remembered."""

import random
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.lines import of_rows
from stats.storage.prt_writer import Writer
from tests.browser.test_main_job import client_program
from tests.server import Keys, Server
from tests.stats.one_sketch import sketch_of

pytestmark = pytest.mark.browser

# A zone in which most of the day is over, whenever the test runs: early in a day there is nearly nothing to draw.
LATE_IN_THE_DAY = "Etc/GMT-12" if time.gmtime().tm_hour < 12 else "UTC"

# Pixels of the canvas in the timers' colour.
COLOURED = """canvas => {
    const wanted = getComputedStyle(document.documentElement).getPropertyValue('--timer').trim();
    const rgb = [1, 3, 5].map(at => parseInt(wanted.slice(at, at + 2), 16));
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 200 && rgb.every((value, channel) => Math.abs(data[at + channel] - value) < 24)) count += 1;
    return count;
}"""


def write_days(server: Server, keys: Keys, *, sketched: bool = True) -> None:
    """Minutes of a timer with a long tail, for four days up to now."""
    rng = random.Random(1)
    now = int(time.time()) // 60
    rows = []
    for minute in range(now - 4 * 1440, now, 2):
        values = sorted(rng.lognormvariate(4.6, 0.7) for _ in range(30))
        text = sketch_of(values) if sketched else ""
        one = Aggregate(sum(values), 30, values[-1], values[0], values[3], values[-4], values[5], values[9], text)
        rows.append(MinuteRow(keys.account, "api", "ms", "query", minute, one))
    Writer(server.data / "stats").write(of_rows(rows))


def open_plot(page: Page, server: Server, email: str) -> Locator:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("correct-horse-battery")
    page.get_by_role("button", name="Log in").click()
    row = page.get_by_role("treeitem").filter(has_text="query").first
    expect(row).to_be_visible(timeout=15_000)
    plot = page.locator(".plot").filter(has_text="query")
    if not plot.count():
        row.click()
    expect(plot.locator("canvas").first).to_be_visible(timeout=10_000)
    expect(plot).to_contain_text("typical", timeout=10_000)
    return plot


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chosen_percentiles_are_drawn_named_and_remembered(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None], width: int, scheme: str
) -> None:
    email = f"percentiles{width}{scheme}@example.org"
    keys = server.new_account(email)
    write_days(server, keys)
    page = new_page(width, 900, scheme, zone=LATE_IN_THE_DAY)
    with client_program(keys.key, server.url):
        plot = open_plot(page, server, email)
        choices = plot.get_by_role("group", name="Percentiles").get_by_role("button")
        expect(choices).to_have_text(["p50", "p90", "p99"])
        assert [choice.get_attribute("aria-pressed") for choice in choices.all()] == ["false"] * 3
        expect(plot.locator("table")).not_to_contain_text("p99")
        before = plot.locator("canvas").first.evaluate(COLOURED)

        for name in ("p50", "p99"):
            choices.get_by_text(name).click()
        expect(plot.locator(".plot-legend")).to_contain_text("p50, p99")
        expect(plot.locator("thead th")).to_have_text(["Time", "Today", "p50", "p99", "Typical"])
        assert "~50-99" in page.url
        assert plot.locator("canvas").first.evaluate(COLOURED) > before + 100
        picture(page, f"percentiles-{width}-{scheme}")
        if width > 760:
            plot.locator(".u-over").hover(position={"x": 40, "y": 60})
            expect(plot.locator(".plot-legend")).to_contain_text("p50 ")
            picture(page, f"percentiles-crosshair-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

        page.reload()
        expect(choices.get_by_text("p99")).to_have_attribute("aria-pressed", "true", timeout=15_000)
        expect(plot.locator("thead th")).to_have_text(["Time", "Today", "p50", "p99", "Typical"])


def test_a_timer_without_sketches_says_why_nothing_is_drawn(server: Server, new_page: Callable[..., Page]) -> None:
    keys = server.new_account("nosketch@example.org")
    write_days(server, keys, sketched=False)
    page = new_page()
    with client_program(keys.key, server.url):
        plot = open_plot(page, server, "nosketch@example.org")
        plot.get_by_role("button", name="Draw the 99th percentile").click()
        expect(plot.locator(".plot-legend")).to_contain_text("no p99: these values come without sketches")
        expect(page.locator(".plot").filter(has_text="orders").get_by_role("group", name="Percentiles")).to_have_count(
            0
        )
