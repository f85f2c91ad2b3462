"""The keys page and its revocation page: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import key_forms
from accounts.key_forms import OVERLAPS
from accounts.keys import LastUse, find_key, make_key, replace, store_last_uses
from accounts.keys_once import COOKIE
from accounts.models import Account, ApiKey, AuditEntry, Membership, Role, Scope, User
from accounts.opening import OpenedAccount, open_account
from accounts.system_account import ensure_system_account

KEY = re.compile(r"[0-9]+_[0-9a-f]{40}")
NEW = {"label": "api servers", "scope": "read"}
BrowserOf = Callable[[User], Client]


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/keys/"


@pytest.fixture
def revoke_page(opened: OpenedAccount, page: str) -> str:
    return f"{page}{opened.key.pk}/revoke/"


@pytest.fixture
def replace_page(opened: OpenedAccount, page: str) -> str:
    return f"{page}{opened.key.pk}/replace/"


@pytest.fixture
def rename_page(opened: OpenedAccount, page: str) -> str:
    return f"{page}{opened.key.pk}/rename/"


def entries() -> list[tuple[str, str, str, dict[str, object]]]:
    """Who did what to which key, as the audit log has it."""
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action", "target", "details"))


def test_it_lists_the_keys_of_the_account_by_their_beginning(
    alice: User, opened: OpenedAccount, page: str, browser_of: BrowserOf
) -> None:
    text = browser_of(alice).get(page).content.decode()
    assert opened.key.label in text
    assert opened.key.prefix in text
    assert opened.raw not in text
    assert "never" in text


def test_it_shows_no_key_of_another_account(alice: User, charlie: User, page: str, browser_of: BrowserOf) -> None:
    make_key(charlie.accounts.get(), "Charlie's secret plan", Scope.READ, charlie)
    assert "secret plan" not in browser_of(alice).get(page).content.decode()


@pytest.mark.parametrize("scope", ["ingest", "read"])
def test_a_member_makes_a_key_that_is_shown_once(bob: User, page: str, scope: str, browser_of: BrowserOf) -> None:
    browser = browser_of(bob)
    response = browser.post(page, {"label": "api servers", "scope": scope})
    assert (response.status_code, response["Location"]) == (302, page)
    key = ApiKey.objects.get(label="api servers")
    assert (key.scope, key.created_by) == (scope, bob)
    (raw,) = KEY.findall(browser.get(page).content.decode())
    assert find_key(raw) == key
    assert KEY.search(browser.get(page).content.decode()) is None


def test_a_page_with_a_key_in_it_is_not_cached(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post(page, NEW)
    assert "no-store" in browser.get(page)["Cache-Control"]


def test_the_label_is_escaped(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post(page, {"label": "<script>alert(1)</script>", "scope": "read"})
    assert "<script>alert" not in browser.get(page).content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"label": "", "scope": "read"},
        {"label": "a"},
        {"label": "a", "scope": "admin"},
        {"label": "a" * 81, "scope": "read"},
    ],
)
def test_a_bad_form_makes_no_key(alice: User, page: str, fields: dict[str, str], browser_of: BrowserOf) -> None:
    response = browser_of(alice).post(page, fields)
    assert response.status_code == 200
    assert "field-error" in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_an_account_has_a_bounded_number_of_live_keys(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_forms, "MOST_LIVE_KEYS", 1)
    assert "Revoke one" in browser_of(alice).post(page, NEW).content.decode()
    assert acme.keys.count() == 1


def test_a_viewer_sees_the_keys_and_cannot_make_one(vera: User, page: str, browser_of: BrowserOf) -> None:
    shown = browser_of(vera).get(page)
    assert shown.status_code == 200
    assert "Make the key" not in shown.content.decode()
    assert "/revoke/" not in shown.content.decode()
    assert browser_of(vera).post(page, NEW).status_code == 403
    assert ApiKey.objects.count() == 1


@pytest.fixture
def all_pages(page: str, revoke_page: str, replace_page: str, rename_page: str) -> list[str]:
    return [page, revoke_page, replace_page, rename_page]


def test_a_stranger_finds_nothing(charlie: User, all_pages: list[str], browser_of: BrowserOf) -> None:
    before = ApiKey.objects.count()
    for path in all_pages:
        assert browser_of(charlie).get(path).status_code == 404
        assert browser_of(charlie).post(path, NEW).status_code == 404
    assert ApiKey.objects.filter(revoked=None).count() == before


def test_who_is_not_logged_in_is_asked_to(all_pages: list[str]) -> None:
    for path in all_pages:
        for answer in (Client().get(path), Client().post(path, NEW)):
            assert answer.status_code == 302
            assert answer["Location"] == f"/accounts/login/?next={path}"
    assert ApiKey.objects.filter(revoked=None).count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(alice: User, all_pages: list[str], method: str, browser_of: BrowserOf) -> None:
    for path in all_pages:
        assert getattr(browser_of(alice), method)(path).status_code == 405


def test_changes_need_a_csrf_token(alice: User, all_pages: list[str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    for path in all_pages:
        assert browser.post(path, NEW).status_code == 403
    assert ApiKey.objects.filter(revoked=None).count() == 1


def test_a_key_is_revoked_after_a_question(
    bob: User, opened: OpenedAccount, page: str, revoke_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(bob)
    assert "Revoke the key" in browser.get(revoke_page).content.decode()
    assert find_key(opened.raw) is not None
    assert browser.post(revoke_page)["Location"] == page
    assert find_key(opened.raw) is None
    assert "revoked" in browser.get(page).content.decode()


def test_a_revoked_key_is_not_asked_about_again(
    alice: User, page: str, revoke_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    browser.post(revoke_page)
    for answer in (browser.get(revoke_page), browser.post(revoke_page)):
        assert answer["Location"] == page


def test_a_viewer_changes_no_key(
    vera: User, opened: OpenedAccount, all_pages: list[str], browser_of: BrowserOf
) -> None:
    for path in all_pages[1:]:
        assert browser_of(vera).get(path).status_code == 403
        assert browser_of(vera).post(path, {"label": "mine", "overlap": "0"}).status_code == 403
    key = find_key(opened.raw)
    assert key is not None
    assert (key.label, key.expires, entries()) == (opened.key.label, None, [])


def test_a_key_is_not_reached_through_another_account(
    charlie: User, opened: OpenedAccount, browser_of: BrowserOf
) -> None:
    own = charlie.accounts.get().pk
    for deed in ("revoke", "replace", "rename"):
        fields = {"label": "mine", "overlap": "0"}
        assert browser_of(charlie).post(f"/a/{own}/keys/{opened.key.pk}/{deed}/", fields).status_code == 404
    key = find_key(opened.raw)
    assert key is not None
    assert key.label == opened.key.label


# --- from where, replace, rename, the last one ------------------------------------------------------------------------


def test_it_shows_when_and_from_where_a_key_was_used(
    alice: User, opened: OpenedAccount, page: str, browser_of: BrowserOf
) -> None:
    store_last_uses({opened.key.pk: LastUse(1_763_900_000.0, "198.51.100.7")})
    text = browser_of(alice).get(page).content.decode()
    assert "2025-11-23 12:13 UTC" in text
    assert "from 198.51.100.7" in text


@pytest.mark.parametrize("seconds", [seconds for seconds, _ in OVERLAPS])
def test_a_key_is_replaced_by_one_that_is_shown_once(
    bob: User, opened: OpenedAccount, page: str, seconds: int, browser_of: BrowserOf
) -> None:
    replace_page = f"{page}{opened.key.pk}/replace/"
    browser = browser_of(bob)
    assert "The old key ends" in browser.get(replace_page).content.decode()
    before = timezone.now()
    assert browser.post(replace_page, {"overlap": str(seconds)})["Location"] == page
    text = browser.get(page).content.decode()
    (raw,) = KEY.findall(text)
    new = find_key(raw)
    assert new is not None
    assert (new.label, new.scope, new.replaces, new.created_by) == (opened.key.label, "ingest", opened.key, bob)
    old = ApiKey.objects.get(pk=opened.key.pk)
    assert old.expires is not None
    overlap = timedelta(seconds=seconds)
    assert before + overlap <= old.expires <= timezone.now() + overlap
    assert (find_key(opened.raw) is not None) == bool(seconds)
    assert ("replaced" if seconds else "ended") in text
    [(actor, action, target, details)] = entries()
    assert (actor, action, target) == (bob.email, "key.replaced", f"First key ({old.prefix}…)")
    assert details == {"replacement": f"{new.prefix}…", "ends": old.expires.isoformat()}
    assert raw not in str(details)


@pytest.mark.parametrize("overlap", ["", "-1", "1", "999999999", "x"])
def test_only_the_ends_that_are_offered_are_taken(
    alice: User, opened: OpenedAccount, replace_page: str, overlap: str, browser_of: BrowserOf
) -> None:
    response = browser_of(alice).post(replace_page, {"overlap": overlap})
    assert "field-error" in response.content.decode()
    assert ApiKey.objects.get().expires is None


def test_a_key_is_replaced_once(
    alice: User, opened: OpenedAccount, page: str, replace_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    browser.post(replace_page, {"overlap": "3600"})
    assert "/replace/" in browser.get(page).content.decode()  # the new one can be
    assert replace_page not in browser.get(page).content.decode()
    for answer in (browser.get(replace_page), browser.post(replace_page, {"overlap": "3600"})):
        assert answer["Location"] == page
    assert "was replaced already" in browser.get(page).content.decode()
    assert ApiKey.objects.count() == 2


def test_replacing_makes_no_more_keys_than_may_live(
    alice: User, replace_page: str, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_forms, "MOST_LIVE_KEYS", 1)
    assert "Revoke one" in browser_of(alice).post(replace_page, {"overlap": "3600"}).content.decode()
    assert browser_of(alice).post(replace_page, {"overlap": "0"}).status_code == 302


def test_a_key_whose_time_is_over_is_shown_as_ended_and_changed_no_more(
    alice: User, opened: OpenedAccount, page: str, all_pages: list[str], browser_of: BrowserOf
) -> None:
    make_key(opened.account, "other", Scope.INGEST, alice)
    replace(opened.key, alice, timedelta(hours=-1))
    browser = browser_of(alice)
    text = browser.get(page).content.decode()
    assert "ended <span" in text
    assert not [path for path in all_pages[1:] if path in text]
    for path in all_pages[1:]:
        assert browser.get(path)["Location"] == page


def test_a_key_gets_another_label(
    bob: User, opened: OpenedAccount, page: str, rename_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(bob)
    assert 'value="First key"' in browser.get(rename_page).content.decode()
    assert browser.post(rename_page, {"label": " api servers "})["Location"] == page
    assert ApiKey.objects.get(pk=opened.key.pk).label == "api servers"
    [(actor, action, target, details)] = entries()
    assert (actor, action, target) == (bob.email, "key.renamed", f"api servers ({opened.key.prefix}…)")
    assert details == {"before": "First key"}
    browser.post(rename_page, {"label": "api servers"})
    assert len(entries()) == 1


@pytest.mark.parametrize("label", ["", " ", "a" * 81])
def test_a_label_is_neither_empty_nor_long(
    alice: User, opened: OpenedAccount, rename_page: str, label: str, browser_of: BrowserOf
) -> None:
    assert "field-error" in browser_of(alice).post(rename_page, {"label": label}).content.decode()
    assert ApiKey.objects.get(pk=opened.key.pk).label == "First key"


def test_to_revoke_the_last_key_that_sends_warns(
    alice: User, opened: OpenedAccount, revoke_page: str, page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    other, _ = make_key(opened.account, "r", Scope.READ, None)
    assert "last key that may send" in browser.get(revoke_page).content.decode()
    assert "last key that may send" not in browser.get(f"{page}{other.pk}/revoke/").content.decode()
    make_key(opened.account, "i", Scope.INGEST, None)
    assert "last key that may send" not in browser.get(revoke_page).content.decode()


def test_what_is_made_and_revoked_is_in_the_audit_log(
    bob: User, opened: OpenedAccount, page: str, revoke_page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(bob)
    browser.post(page, NEW)
    browser.post(revoke_page)
    made = ApiKey.objects.get(label="api servers")
    assert entries() == [
        (bob.email, "key.made", f"api servers ({made.prefix}…)", {"scope": "read"}),
        (bob.email, "key.revoked", f"First key ({opened.key.prefix}…)", {"scope": "ingest"}),
    ]
    assert {entry.ip for entry in AuditEntry.objects.all()} == {"127.0.0.1"}


# --- around it --------------------------------------------------------------------------------------------------------


def test_the_keys_of_account_0_are_nobodys_business(alice: User, acme: Account, browser_of: BrowserOf) -> None:
    ensure_system_account()
    assert browser_of(alice).get("/a/0/keys/").status_code == 404


def test_numbers_beyond_the_database_are_not_found(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.get(f"/a/{10**30}/keys/").status_code == 404
    assert browser.get(f"{page}{10**30}/revoke/").status_code == 404


def test_opening_a_page_makes_its_account_the_current_one(alice: User, acme: Account, browser_of: BrowserOf) -> None:
    second = open_account(alice, "Second").account
    browser = browser_of(alice)
    page = browser.get(f"/a/{second.pk}/keys/")
    assert page.context["account"] == second
    assert list(page.context["accounts"]) == [acme, second]
    assert browser.get("/accounts/email/").context["account"] == second


def test_a_page_takes_few_queries_however_many_accounts_and_keys(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        make_key(acme, f"key {number}", Scope.READ, alice)
        Membership.objects.create(user=alice, account=Account.objects.create(name=f"a{number}"), role=Role.VIEWER)
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_max_num_queries(7):
        assert browser.get(page).status_code == 200


def test_a_cookie_of_another_account_shows_nothing(
    alice: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    second = open_account(alice, "Second").account
    browser = browser_of(alice)
    value = browser.post(page, NEW).cookies[COOKIE].value
    browser.cookies[COOKIE] = value
    assert KEY.search(browser.get(f"/a/{second.pk}/keys/").content.decode()) is None
