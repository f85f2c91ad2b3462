import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.keys import find_key
from accounts.keys_once import COOKIE, NewKey, new_key_from
from accounts.models import Account, ApiKey, Membership, Role, Scope, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.pages import read_page

pytestmark = pytest.mark.django_db
KEY = re.compile(r"[0-9]+_[0-9a-f]{40}")
FIELDS = {"email": "Dora@Example.org", "password1": PASSWORD, "team": ""}


def sign_up(browser: Client, **fields: str) -> Any:
    return browser.post("/accounts/signup/", {**FIELDS, **fields})


def test_the_page_asks_for_little_and_tells_the_browser_what() -> None:
    page = read_page(Client().get("/accounts/signup/").content)
    assert [found["name"] for found in page.visible_inputs()] == ["email", "password1", "team"]
    assert page.input_named("password1")["autocomplete"] == "new-password"
    assert page.input_named("email")["type"] == "email"


def test_signing_up_makes_user_account_ownership_and_key_and_leads_to_the_dashboard() -> None:
    browser = Client()
    response = sign_up(browser)
    account = Account.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/a/{account.pk}/"
    membership = Membership.objects.get()
    assert (membership.user.email, membership.account, membership.role) == ("dora@example.org", account, Role.OWNER)
    key = ApiKey.objects.get()
    assert (key.account, key.scope, key.created_by) == (account, Scope.INGEST, membership.user)
    assert browser.get(f"/a/{account.pk}/keys/").status_code == 200


@pytest.mark.parametrize(("team", "name"), [("", "dora"), ("  ", "dora"), ("Blue Team", "Blue Team")])
def test_the_account_is_named_after_the_team_or_the_address(team: str, name: str) -> None:
    sign_up(Client(), team=team)
    assert Account.objects.get().name == name


def test_the_first_key_is_shown_once_and_works() -> None:
    browser = Client()
    response = sign_up(browser)
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 300)
    assert cookie["path"] == response["Location"]
    page = browser.get(response["Location"] + "keys/")
    (raw,) = KEY.findall(page.content.decode())
    assert find_key(raw) == ApiKey.objects.get()
    assert page.cookies[COOKIE].value == ""
    assert KEY.search(browser.get(response["Location"] + "keys/").content.decode()) is None


def test_the_raw_key_is_nowhere_on_the_server() -> None:
    browser = Client()
    response = sign_up(browser)
    raw = _handed_over(response, Account.objects.get().pk)
    browser.get(response["Location"] + "keys/")
    stored = _everything_stored()
    assert ApiKey.objects.get().hash in stored
    assert raw not in stored
    assert raw.partition("_")[2] not in stored


def test_the_handed_over_key_is_for_its_account_only() -> None:
    response = sign_up(Client())
    assert _read_cookie(response.cookies[COOKIE].value, Account.objects.get().pk + 1) is None


def test_a_forged_or_late_cookie_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    value = sign_up(Client()).cookies[COOKIE].value
    account_id = Account.objects.get().pk
    assert _read_cookie(value[:-1] + ("A" if value[-1] != "A" else "B"), account_id) is None
    later = timezone.now() + timedelta(seconds=301)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)
    assert _read_cookie(value, account_id) is None


@pytest.mark.parametrize("email", ["alice@example.org", "ALICE@example.org"])
def test_a_taken_address_is_an_error_of_the_field(alice: User, email: str) -> None:
    response = sign_up(Client(), email=email)
    assert response.status_code == 200
    assert "id_email_error" in read_page(response.content).ids
    assert User.objects.count() == 1
    assert not Account.objects.exists()


def test_of_two_sign_ups_at_the_same_time_one_gets_an_error_and_leaves_nothing(request: pytest.FixtureRequest) -> None:
    def be_first(instance: User, **_: Any) -> None:
        User.objects.bulk_create([User(email=instance.email)])  # sends no signal

    pre_save.connect(be_first, sender=User)
    request.addfinalizer(lambda: pre_save.disconnect(be_first, sender=User))
    response = sign_up(Client())
    assert response.status_code == 200
    assert "id_email_error" in read_page(response.content).ids
    assert not Account.objects.exists()
    assert not ApiKey.objects.exists()
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a@" + ".".join(["b" * 60] * 5) + ".org"),
        ("email", ""),
        ("password1", "short"),
        ("team", "x" * 81),
    ],
)
def test_a_bad_field_says_so_where_a_screen_reader_finds_it(field: str, value: str) -> None:
    response = sign_up(Client(), **{field: value})
    page = read_page(response.content)
    assert response.status_code == 200
    assert f"id_{field}_error" in page.input_named(field)["aria-describedby"].split()
    assert f"id_{field}_error" in page.ids
    assert not User.objects.exists()


def test_signing_up_needs_a_csrf_token() -> None:
    assert sign_up(Client(enforce_csrf_checks=True)).status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "bad", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http://localhost/"]
)
def test_a_redirect_to_elsewhere_is_refused(bad: str) -> None:
    assert sign_up(Client(), next=bad)["Location"] == f"/a/{Account.objects.get().pk}/"


def test_who_is_logged_in_already_is_led_to_the_dashboard(alice: User, acme: Account) -> None:
    browser = Client()
    browser.force_login(alice)
    assert browser.get("/accounts/signup/")["Location"] == f"/a/{acme.pk}/"


def _handed_over(response: Any, account_id: int) -> str:
    new = _read_cookie(response.cookies[COOKIE].value, account_id)
    assert new is not None
    return new.raw


def _read_cookie(value: str, account_id: int) -> NewKey | None:
    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = value
    return new_key_from(request, account_id)


def _everything_stored() -> str:
    """All rows of all tables, and the sessions in clear."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            texts.append(str(cursor.fetchall()))
    sessions = [session.get_decoded() for session in Session.objects.all()]
    assert sessions
    return "\n".join([*texts, *map(str, sessions)])
