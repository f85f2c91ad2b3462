"""The audit log: who sees which entries, in words, in pages, as a table; and how long they are kept."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.audit import KEPT_DAYS, forget_old, record_of
from accounts.audit_log import KIND_CHOICES, PAGE, Wanted, entries_of
from accounts.audit_sentences import sentence
from accounts.models import Account, AuditEntry, Membership, Role, User
from accounts.opening import open_account
from accounts.views.audit_log import FilterForm, cell

BrowserOf = Callable[[User], Client]
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/audit/"


@pytest.fixture
def table(acme: Account) -> str:
    return f"/a/{acme.pk}/audit.csv"


def note(
    user: User | None, account: Account | None, action: str = "key.made", target: str = "x", **details: Any
) -> None:
    record_of(user, action, account, target, "198.51.100.7", **details)


def told(browser: Client, page: str) -> list[str]:
    """The sentences of a page."""
    return [said for _, said in browser.get(page).context["rows"]]


def exported(browser: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.get(path).content.decode())))


# --- who sees it ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_owners_and_members_see_it(
    request: pytest.FixtureRequest, acme: Account, table: str, who: str, browser_of: BrowserOf
) -> None:
    page, user = f"/a/{acme.pk}/audit/", request.getfixturevalue(who)
    note(user, acme, "key.revoked", "api servers (1_ab12…)")
    browser = browser_of(user)
    text = browser.get(page).content.decode()
    assert "Revoked the key api servers (1_ab12…)" in text
    assert "198.51.100.7" in text
    [row] = exported(browser, table)
    assert (row["person"], row["from"], row["action"]) == (user.email, "198.51.100.7", "key.revoked")
    assert row["what"] == "Revoked the key api servers (1_ab12…)"


def test_a_viewer_does_not(vera: User, page: str, table: str, browser_of: BrowserOf) -> None:
    assert [browser_of(vera).get(path).status_code for path in (page, table)] == [403, 403]


def test_only_who_may_see_it_is_led_there(alice: User, vera: User, page: str, browser_of: BrowserOf) -> None:
    keys_page = page.replace("audit", "keys")
    assert page in browser_of(alice).get(keys_page).content.decode()
    assert page not in browser_of(vera).get(keys_page).content.decode()


def test_a_stranger_finds_nothing(charlie: User, page: str, table: str, browser_of: BrowserOf) -> None:
    assert [browser_of(charlie).get(path).status_code for path in (page, table)] == [404, 404]


def test_who_is_not_logged_in_is_asked_to(page: str, table: str) -> None:
    for path in (page, table):
        assert Client().get(path)["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(alice: User, page: str, table: str, method: str, browser_of: BrowserOf) -> None:
    assert [getattr(browser_of(alice), method)(path).status_code for path in (page, table)] == [405, 405]


def test_it_shows_nothing_of_another_account(alice: User, charlie: User, page: str, browser_of: BrowserOf) -> None:
    note(charlie, charlie.accounts.get())
    note(charlie, None, "login")
    note(None, None, "account.deleted")
    assert told(browser_of(alice), page) == []


def test_it_shows_log_ins_of_its_people_since_they_joined(
    alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    second = open_account(alice, "Second").account
    note(bob, None, "login")
    note(bob, None, "profile.changed")
    Membership.objects.create(user=bob, account=second, role=Role.VIEWER)
    note(bob, None, "password.changed")
    assert told(browser_of(alice), page) == ["Changed the password", "Logged in"]
    assert told(browser_of(alice), f"/a/{second.pk}/audit/") == ["Changed the password"]
    Membership.objects.filter(user=bob, account=second).delete()
    assert told(browser_of(alice), f"/a/{second.pk}/audit/") == []


# --- which entries ----------------------------------------------------------------------------------------------------


def test_the_newest_is_first_and_pages_follow_each_other(
    alice: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    for number in range(2 * PAGE + 1):
        note(alice, acme, "key.revoked", f"k{number}")
    browser = browser_of(alice)
    all_of_them, path = [], "?"
    while path:
        response = browser.get(page + path)
        all_of_them += [said for _, said in response.context["rows"]]
        path = response.context["older"]
    assert all_of_them == [f"Revoked the key k{number}" for number in reversed(range(2 * PAGE + 1))]
    assert len(response.context["rows"]) == 1
    assert response.context["newer"] == "?page=2"
    assert "No entry" in browser.get(page + "?page=9").content.decode()


def test_it_is_filtered_by_person_and_kind(
    alice: User, bob: User, acme: Account, table: str, browser_of: BrowserOf
) -> None:
    page = f"/a/{acme.pk}/audit/"
    note(alice, acme, "key.revoked", "a")
    note(bob, acme, "key.revoked", "b")
    note(bob, acme, "person.left")
    note(bob, None, "logout")
    note(bob, acme, "weather.changed", "rain")
    browser = browser_of(alice)
    expected = {
        "?person=alice@example.org": ["Revoked the key a"],
        "?person=BOB@example.org&kind=keys": ["Revoked the key b"],
        "?kind=people": ["Left the account"],
        "?kind=logins": ["Logged out"],
        "?kind=other": ["Weather changed: rain"],
        "?person=nobody": [],
    }
    assert {query: told(browser, page + query) for query in expected} == expected
    assert {query: [row["what"] for row in exported(browser, table + query)] for query in expected} == expected


def test_pages_keep_the_filter(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    for _ in range(PAGE + 1):
        note(alice, acme)
    response = browser_of(alice).get(page + "?person=alice%40example.org&kind=keys")
    assert response.context["older"] == "?person=alice%40example.org&kind=keys&page=2"


queries = st.fixed_dictionaries({}, optional={name: st.text(max_size=300) for name in ("person", "kind", "page")})


@given(queries)
def test_whatever_is_asked_has_an_answer(query: dict[str, str]) -> None:
    form = FilterForm(query)
    wanted = form.wanted()
    assert wanted.kind in ("", *(kind for kind, _ in KIND_CHOICES))
    assert form.number >= 1
    assert len(wanted.person) <= 254
    assert "\x00" not in wanted.person
    str(entries_of(Account(pk=1), wanted).query)


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=-1", "?page=x", "?page=10001", "?kind=x", "?person=%00", "?page=9999"]
)
def test_what_makes_no_sense_is_left_out(
    alice: User, acme: Account, page: str, query: str, browser_of: BrowserOf
) -> None:
    assert browser_of(alice).get(page + query).status_code == 200


def test_the_number_of_queries_does_not_grow(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_num_queries(7):
        browser.get(page)
    for number in range(3 * PAGE):
        user = User.objects.create_user(f"p{number}@example.org")
        Membership.objects.create(user=user, account=acme, role=Role.MEMBER)
        note(user, acme if number % 2 else None, "login")
    with django_assert_num_queries(7):
        browser.get(page + "?page=2")


# --- in words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "target", "details", "said"),
    [
        ("key.made", "a (1_ab12…)", {"scope": "ingest"}, "Made the key a (1_ab12…), which may send values"),
        ("key.renamed", "new", {"before": "old"}, "Renamed the key old to new"),
        ("person.invited", "c@d.org", {"role": "viewer"}, "Invited c@d.org as viewer"),
        ("person.invited", "c@d.org", {}, "Person invited: c@d.org"),
        ("login", "", {"ways": ["password", "totp"]}, "Logged in"),
        ("login.ok", "", {"ways": ["password", "totp"]}, "Login ok (ways password, totp)"),
        ("shelf.made", "p99 {target}", {"limit": 3, "{x}": None}, "Shelf made: p99 {target} (limit 3, {x} None)"),
        ("second_factor.added", "Phone", {}, "Second factor added: Phone"),
        ("", "", {}, "Something"),
        (
            "key.replaced",
            "a",
            {"replacement": "1_cd34…", "ends": "x"},
            "Replaced the key a by 1_cd34…; it works until x",
        ),
        ("process.removed", "cron", {}, "Removed the process cron"),
    ],
)
def test_sentences(action: str, target: str, details: dict[str, object], said: str) -> None:
    assert sentence(AuditEntry(action=action, target=target, details=details)) == said


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
actions = st.text(max_size=40) | st.sampled_from(["key.made", "key.replaced", "person.role", "login"])


@given(actions, st.text(), json_values | st.dictionaries(st.sampled_from(["scope", "ends", "role"]), json_values))
def test_every_entry_can_be_told(action: str, target: str, details: Any) -> None:
    assert sentence(AuditEntry(action=action, target=target, details=details))


def test_times_are_those_of_the_person(
    alice: User, acme: Account, page: str, table: str, browser_of: BrowserOf
) -> None:
    note(alice, acme, "key.replaced", "a", replacement="b", ends="2026-07-01T12:00:00+00:00")
    AuditEntry.objects.update(at=datetime(2026, 7, 1, 10, 0, 0, tzinfo=UTC))
    alice.timezone = "Asia/Tokyo"
    alice.save()
    text = browser_of(alice).get(page).content.decode()
    assert "2026-07-01 19:00 JST" in text
    assert "it works until 2026-07-01 21:00 JST" in text
    [row] = exported(browser_of(alice), table)
    assert row["time"] == "2026-07-01T19:00:00+09:00"


def test_names_are_escaped_and_no_cell_is_a_formula(
    alice: User, acme: Account, page: str, table: str, browser_of: BrowserOf
) -> None:
    note(alice, acme, "key.revoked", "<script>alert(1)</script>")
    note(alice, acme, "key.revoked", '=HYPERLINK("http://evil.example")')
    assert "<script>alert" not in browser_of(alice).get(page).content.decode()
    formula, script = exported(browser_of(alice), table)
    assert formula["target"] == '\'=HYPERLINK("http://evil.example")'
    assert script["target"] == "<script>alert(1)</script>"


@given(st.text(st.sampled_from("a';\t\r\n=+-@")), st.sampled_from(";\t\r\n"))
def test_no_text_begins_a_formula_where_cells_end_elsewhere(text: str, end: str) -> None:
    assert not any(part.startswith(("=", "+", "-", "@")) for part in cell(text).split(end))


@given(st.text())
def test_no_text_begins_a_formula(text: str) -> None:
    assert not cell(text).startswith(FORMULAS)
    assert cell(text).replace("'", "") == text.replace("'", "")


# --- how long ---------------------------------------------------------------------------------------------------------


def test_old_entries_are_forgotten(alice: User, acme: Account) -> None:
    now = timezone.now()
    for age in (KEPT_DAYS - 1, KEPT_DAYS + 1):
        note(alice, acme, target=f"{age}")
        AuditEntry.objects.filter(target=f"{age}").update(at=now - timedelta(days=age))
    assert forget_old(now) == 1
    assert AuditEntry.objects.get().target == f"{KEPT_DAYS - 1}"


def test_wanted_nothing_is_everything(alice: User, acme: Account) -> None:
    note(alice, acme)
    assert entries_of(acme, Wanted()).count() == 1
