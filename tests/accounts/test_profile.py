"""A person's profile: who may change it, what is refused, and what follows the time zone and the appearance."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import available_timezones

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, ApiKey, AuditEntry, User
from accounts.opening import OpenedAccount
from accounts.timezones import chosen_zone, grouped_zones

BrowserOf = Callable[[User], Client]
PROFILE = "/profile/"
THEME = "/profile/theme/"
WANTED = {"timezone": "Pacific/Auckland", "theme": "dark", "language": "sv"}


@pytest.fixture(params=["alice", "bob", "vera", "charlie"])
def person(request: pytest.FixtureRequest) -> User:
    """Everybody, whatever he may do in an account, has a profile."""
    found: User = request.getfixturevalue(request.param)
    return found


def test_everybody_changes_his_own_and_nobody_elses(person: User, browser_of: BrowserOf) -> None:
    other = User.objects.create_user("other@example.org")
    browser = browser_of(person)
    answer = browser.post(PROFILE, WANTED | {"user": other.pk, "id": other.pk, "email": "taken@example.org"})
    assert (answer.status_code, answer["Location"]) == (302, PROFILE)
    person.refresh_from_db()
    other.refresh_from_db()
    assert (person.timezone, person.theme, person.language) == ("Pacific/Auckland", "dark", "sv")
    assert (other.timezone, other.theme, other.language) == ("", "", "")
    assert 'value="Pacific/Auckland" selected' in browser.get(PROFILE).content.decode()


def test_what_was_changed_is_in_the_audit_log_once(alice: User, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    for _ in range(2):
        browser.post(PROFILE, WANTED)
    entry = AuditEntry.objects.get(action="profile.changed")
    assert (entry.user, entry.account, entry.details) == (alice, None, WANTED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": "Europe"},
        {"timezone": "x" * 5000},
        {"theme": "pink"},
        {"language": "tlh"},
    ],
)
def test_a_bad_form_changes_nothing(alice: User, wrong: dict[str, str], browser_of: BrowserOf) -> None:
    answer = browser_of(alice).post(PROFILE, WANTED | wrong)
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    alice.refresh_from_db()
    assert (alice.timezone, alice.theme, alice.language) == ("", "", "")


def test_who_is_not_logged_in_is_asked_to(db: None) -> None:
    for path, answer in ((PROFILE, Client().get(PROFILE)), (PROFILE, Client().post(PROFILE, WANTED))):
        assert answer["Location"] == f"/accounts/login/?next={path}"
    assert Client().post(THEME, {"theme": "dark"}).status_code == 302


def test_other_methods_are_refused(alice: User, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.put(PROFILE).status_code == browser.delete(PROFILE).status_code == 405
    assert browser.get(THEME).status_code == browser.put(THEME).status_code == 405


def test_changes_need_a_csrf_token(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    for path in (PROFILE, THEME):
        assert browser.post(path, WANTED).status_code == 403


def test_the_page_takes_few_queries(
    alice: User, acme: Account, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(alice)
    browser.get(PROFILE)  # the first request of a session notes that it is used
    with django_assert_max_num_queries(4):
        assert browser.get(PROFILE).status_code == 200


# --- appearance -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kept", "drawn"), [("", "system"), ("light", "light"), ("dark", "dark")])
def test_the_page_comes_with_the_kept_appearance(alice: User, kept: str, drawn: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    alice.theme = "dark" if kept != "dark" else "light"
    alice.save()
    assert browser.post(THEME, {"theme": kept}).status_code == 204
    assert f'<html lang="en" data-theme="{drawn}">' in browser.get(PROFILE).content.decode()


def test_nobody_has_an_appearance_without_logging_in(db: None) -> None:
    assert '<html lang="en">' in Client().get("/").content.decode()


@pytest.mark.parametrize("fields", [{}, {"theme": "pink"}, {"theme": "dark\n"}])
def test_what_is_no_appearance_is_refused(alice: User, fields: dict[str, str], browser_of: BrowserOf) -> None:
    assert browser_of(alice).post(THEME, fields).status_code == 400
    alice.refresh_from_db()
    assert alice.theme == ""


# --- time zone --------------------------------------------------------------------------------------------------------
def test_every_zone_that_can_be_chosen_exists() -> None:
    zones = [zone for _, places in grouped_zones() for zone, _ in places]
    assert len(zones) == len(set(zones)) > 400
    assert set(zones) <= available_timezones()
    assert dict(dict(grouped_zones())["Europe"])["Europe/Berlin"].startswith("Berlin, Germany")


def test_a_zone_that_the_list_has_no_longer_stays_chosen(alice: User, browser_of: BrowserOf) -> None:
    User.objects.filter(pk=alice.pk).update(timezone="US/Pacific")
    browser = browser_of(alice)
    assert 'value="US/Pacific" selected' in browser.get(PROFILE).content.decode()
    assert browser.post(PROFILE, {"timezone": "US/Pacific", "theme": "dark"}).status_code == 302


@pytest.mark.parametrize("name", ["Mars/Olympus", "/etc/passwd", "Europe"])
def test_a_zone_that_this_machine_does_not_know_is_none(alice: User, name: str, browser_of: BrowserOf) -> None:
    alice.timezone = name
    alice.save()
    assert chosen_zone(alice) == ""
    assert "data-time-zone" not in browser_of(alice).get(PROFILE).content.decode()


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Pacific/Auckland", "2026-11-25 07:30 NZDT"),
        ("America/Los_Angeles", "2026-11-24 10:30 PST"),
        ("", "2026-11-24 18:30 UTC"),
    ],
)
def test_times_on_pages_are_in_the_persons_zone(
    alice: User, opened: OpenedAccount, zone: str, shown: str, browser_of: BrowserOf
) -> None:
    ApiKey.objects.update(created=dt.datetime(2026, 11, 24, 18, 30, tzinfo=dt.UTC))
    alice.timezone = zone
    alice.save()
    page = browser_of(alice).get(f"/a/{opened.account.pk}/keys/").content.decode()
    assert f'<time datetime="2026-11-24T18:30:00+00:00" data-moment>{shown}</time>' in page
    # A script shows times in the browser's zone to those who chose none, and leaves all others alone.
    assert ("site/moments.js" in page) == (not zone)


def test_the_zone_of_one_person_is_not_that_of_the_next(alice: User, bob: User, browser_of: BrowserOf) -> None:
    alice.timezone = "Pacific/Auckland"
    alice.save()
    browser_of(alice).get(PROFILE)
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize(
    ("utc_hour", "shown"), [(0, "2026-10-25 02:30 CEST"), (1, "2026-10-25 02:30 CET"), (2, "2026-10-25 03:30 CET")]
)
def test_the_hour_that_comes_twice_says_which_it_is(utc_hour: int, shown: str) -> None:
    at = dt.datetime(2026, 10, 25, utc_hour, 30, tzinfo=dt.UTC)
    with timezone.override("Europe/Berlin"):
        text = Template("{% load moments %}{{ at|moment }}").render(Context({"at": at}))
    assert f">{shown}<" in text
