"""A person's time zone and appearance in a real browser, whose own ones are others."""

import datetime as dt
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import client_program
from tests.server import Server

pytestmark = pytest.mark.browser

HERE = "Europe/Berlin"
# In none of them is it ever the same hour as in the others.
ZONES = {"Auckland": "Pacific/Auckland", "Los Angeles": "America/Los_Angeles"}


def log_in(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("correct-horse-battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#dashboard")).to_be_attached()


def choose_zone(page: Page, server: Server, city: str) -> None:
    page.goto(f"{server.url}/profile/")
    page.get_by_role("searchbox").fill(city)
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("Saved.")


def the_same_minute(zone: str, text: str) -> bool:
    """Whether `text` is the time in the zone, give or take the minutes that a test takes."""
    shown = re.search(r"\b([0-2][0-9]):([0-5][0-9])\b", text)
    assert shown, text
    now = dt.datetime.now(ZoneInfo(zone))
    minutes = now.hour * 60 + now.minute - int(shown[1]) * 60 - int(shown[2])
    return minutes % 1440 < 20


@pytest.mark.parametrize("city", ZONES)
def test_days_axes_and_times_are_those_of_the_profile(server: Server, new_page: Callable[..., Page], city: str) -> None:
    zone = ZONES[city]
    email = f"zone{len(city)}@example.org"
    keys = server.new_account(email)
    page = new_page(zone=HERE)
    log_in(page, server, email)
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == HERE
    choose_zone(page, server, city)

    with client_program(keys.key, server.url):
        with page.expect_response(re.compile("/day/")) as answered:
            page.goto(f"{server.url}/a/{keys.account}/#plots=api/ms/query~1~1h")
        assert parse_qs(urlsplit(answered.value.url).query)["tz"] == [zone]
        day = answered.value.json()
        assert day["date"] == str(dt.datetime.now(ZoneInfo(zone)).date())
        assert page.locator("html").get_attribute("data-time-zone") == zone

        plot = page.locator(".plot").filter(has_text="query")
        hours = plot.locator("table tr th[scope=row]")
        expect(hours).to_have_count(dt.datetime.now(ZoneInfo(zone)).hour + 1, timeout=15_000)
        assert hours.first.inner_text() == "00:00"

    body = {"nam": "api", "prt": {}, "err": 1, "evt": [{"lvl": "error", "msg": "boom", "age": 0}]}
    assert server.commit(keys.key, body).status == 200
    page.goto(f"{server.url}/a/{keys.account}/errors/")
    error = page.locator(".event time").first
    expect(error).to_be_visible()
    assert re.fullmatch(r"\d\d:\d\d:\d\d", error.inner_text())  # today: without its date
    assert the_same_minute(zone, error.inner_text())

    page.goto(f"{server.url}/a/{keys.account}/keys/")
    assert the_same_minute(zone, page.locator("time[data-moment]").first.inner_text())


def test_without_a_chosen_zone_all_is_as_the_browser(server: Server, new_page: Callable[..., Page]) -> None:
    keys = server.new_account("nozone@example.org")
    page = new_page(zone="Asia/Tokyo")
    log_in(page, server, "nozone@example.org")
    page.goto(f"{server.url}/a/{keys.account}/keys/")
    shown = page.locator("time[data-moment]").first
    expect(shown).to_contain_text("GMT+9")
    assert the_same_minute("Asia/Tokyo", shown.inner_text())


def test_the_list_of_zones_is_searched_by_city_and_country(server: Server, new_page: Callable[..., Page]) -> None:
    server.new_account("search@example.org")
    page = new_page(zone=HERE)
    log_in(page, server, "search@example.org")
    page.goto(f"{server.url}/profile/")
    search, zones = page.get_by_role("searchbox"), page.get_by_label("Time zone")
    search.fill("germany")
    expect(zones.locator("option")).to_have_count(3)  # the chosen one, Berlin and Büsingen
    search.fill("new york")
    search.press("Enter")
    expect(zones).to_have_value("America/New_York")
    assert the_same_minute("America/New_York", page.locator("#zone-now").inner_text())
    search.fill("nowhere at all")
    expect(page.locator("#zone-now")).to_contain_text("No zone is called that")
    search.fill("")
    expect(zones).to_have_value("America/New_York")
    assert zones.locator("optgroup").count() == 11
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("Saved.")
    expect(zones).to_have_value("America/New_York")


def painted(page: Page) -> bool:
    """Whether the page is dark."""
    return bool(page.evaluate("getComputedStyle(document.body).backgroundColor === 'rgb(18, 22, 29)'"))


def test_the_appearance_is_of_the_person_on_every_machine(server: Server, new_page: Callable[..., Page]) -> None:
    server.new_account("theme@example.org")
    desk, phone = new_page(), new_page(width=390)
    for page in (desk, phone):
        log_in(page, server, "theme@example.org")
        assert not painted(page)

    with desk.expect_response(re.compile("/profile/theme/")) as saved:
        desk.get_by_role("button", name="Light or dark").click()
    assert saved.value.status == 204
    assert painted(desk)
    phone.reload()
    assert painted(phone)

    # The server's choice comes with the page and counts more than what the browser kept.
    phone.evaluate("localStorage.setItem('dattss/theme', 'light')")
    answer = phone.goto(f"{server.url}/profile/")
    assert answer is not None
    assert 'data-theme="dark"' in answer.text()
    assert painted(phone)
    assert phone.evaluate("localStorage.getItem('dattss/theme')") == "dark"
    expect(phone.get_by_role("radio", name="Dark")).to_be_checked()

    # Logged out, the browser goes on as it was.
    phone.context.clear_cookies()
    phone.goto(f"{server.url}/accounts/login/")
    assert painted(phone)

    desk.goto(f"{server.url}/profile/")
    desk.get_by_label("As the system").check()
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator(".messages")).to_contain_text("Saved.")
    assert not painted(desk)
    assert desk.evaluate("localStorage.getItem('dattss/theme')") is None


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_profile_fits_its_window(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None], width: int, scheme: str
) -> None:
    email = f"profile{width}{scheme}@example.org"
    server.new_account(email)
    page = new_page(width, 900, scheme, zone=HERE)
    log_in(page, server, email)
    page.goto(f"{server.url}/profile/")
    picture(page, f"profile-{width}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
