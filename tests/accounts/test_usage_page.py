"""The usage page, whoever asks, while no engine answers; the live part is tried in tests/stats/test_usage.py."""

from collections.abc import Callable

import pytest
from django.test import Client
from msgspec.structs import replace
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, User
from accounts.system_account import ensure_system_account
from stats import usage
from stats.usage import Amount, Disk, LiveUsage, StoredUsage
from stats.usage_rows import live_rows, number, stored_rows

BrowserOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "TIMEOUT", 0.01)


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/usage/"


@pytest.mark.parametrize("who", ["alice", "bob", "vera"])
def test_everybody_of_the_account_sees_it(
    request: pytest.FixtureRequest, page: str, who: str, browser_of: BrowserOf
) -> None:
    response = browser_of(request.getfixturevalue(who)).get(page)
    assert response.status_code == 200
    assert "cannot be read right now" in response.content.decode()
    assert "1 of 100" in response.content.decode()


def test_a_stranger_finds_nothing(charlie: User, page: str, browser_of: BrowserOf) -> None:
    ensure_system_account()
    assert browser_of(charlie).get(page).status_code == 404
    assert browser_of(charlie).get("/a/0/usage/").status_code == 404
    assert Client().get("/api/v1/usage/?account=0").status_code == 404


def test_who_is_not_logged_in_is_asked_to(page: str) -> None:
    assert Client().get(page)["Location"] == f"/accounts/login/?next={page}"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(alice: User, page: str, method: str, browser_of: BrowserOf) -> None:
    assert getattr(browser_of(alice), method)(page).status_code == 405


def test_it_takes_few_queries(
    alice: User, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_max_num_queries(8):
        browser.get(page)


LIVE = LiveUsage(
    stats=Amount(9001, 10_000),
    processes=Amount(3, 10_000),
    commits=Amount(1.26, 2000),
    partials=Amount(1234.5, None),
    refused=0,
    udp_intervals=12,
    disk=Disk(3 << 20, 1 << 10, 1.0),
)


def test_what_the_rows_say() -> None:
    said = {row.name: row.used.replace("\xa0", " ") for row in live_rows(LIVE)}
    assert said == {
        "Live stats": "9,001 of 10,000",
        "Processes": "3 of 10,000",
        "Commits": "1.3 of 2,000 a second",
        "Partial aggregates": "1,234 a second",
        "Intervals by UDP": "12 in the last minute",
        "Disk": "3.0 MB: 3.0 MB plain, 1.0 KB packed",
    }
    stored = StoredUsage(keys=Amount(2, 100), people=3, retention_days=396)
    assert [row.used for row in stored_rows(stored)] == ["2 of 100", "3", "396 days"]


def test_a_bar_warns_from_four_fifths_of_a_limit_on() -> None:
    stats, _, _, partials, *_ = live_rows(LIVE)
    assert (stats.bar, stats.nearly) == (Amount(9001, 10_000), 8000.0)
    assert (partials.bar, partials.nearly) == (None, None)


def test_what_happens_at_the_limit_of_commits() -> None:
    def note(**fields: object) -> str:
        return next(row.note for row in live_rows(replace(LIVE, **fields)) if row.name == "Commits")

    assert "answered 429" in note()
    assert "1,234 were refused" in note(refused=1234)
    assert "There is no limit" in note(commits=Amount(7, None))


def test_a_disk_that_is_being_counted() -> None:
    rows = live_rows(replace(LIVE, disk=None))
    assert [row.used for row in rows if row.name == "Disk"] == ["being counted"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (17.0, "17"), (0.834, "0.83"), (0.0167, "0.017"), (1.26, "1.3"), (99.96, "100.0"), (12345.6, "12,346")],
)
def test_numbers_have_a_fraction_only_where_it_matters(value: float, text: str) -> None:
    assert number(value) == text
