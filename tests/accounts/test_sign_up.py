import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.keys import find_key
from accounts.keys_once import COOKIE, NewKey, new_key_from
from accounts.models import Account, ApiKey, Invitation, Membership, Role, Scope, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.mails import mailed_path
from tests.accounts.pages import read_page

pytestmark = pytest.mark.django_db
KEY = re.compile(r"[0-9]+_[0-9a-f]{40}")
FIELDS = {"email": "Dora@Example.org", "password1": PASSWORD, "team": ""}


def sign_up(browser: Client, **fields: str) -> Any:
    return browser.post("/accounts/signup/", {**FIELDS, **fields})


def come_in(browser: Client, **fields: str) -> Any:
    """Signs up and confirms the address in the same browser; the answer to that."""
    sign_up(browser, **fields)
    return browser.post(mailed_path())


def test_the_page_asks_for_little_and_tells_the_browser_what() -> None:
    page = read_page(Client().get("/accounts/signup/").content)
    assert [found["name"] for found in page.visible_inputs()] == ["email", "password1", "team"]
    assert page.input_named("password1")["autocomplete"] == "new-password"
    assert page.input_named("email")["type"] == "email"


def test_signing_up_makes_a_user_and_nothing_more_before_the_address_is_confirmed() -> None:
    browser = Client()
    assert sign_up(browser)["Location"] == "/accounts/confirm-email/"
    assert not EmailAddress.objects.get(user__email="dora@example.org").verified
    assert not Account.objects.exists()
    assert browser.get("/accounts/email/").status_code == 302


def test_confirming_in_the_same_browser_opens_the_account_and_leads_to_its_dashboard() -> None:
    browser = Client()
    response = come_in(browser)
    account = Account.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/a/{account.pk}/"
    membership = Membership.objects.get()
    assert (membership.user.email, membership.account, membership.role) == ("dora@example.org", account, Role.OWNER)
    key = ApiKey.objects.get()
    assert (key.account, key.scope, key.created_by) == (account, Scope.INGEST, membership.user)
    assert browser.get(f"/a/{account.pk}/keys/").status_code == 200


@pytest.mark.parametrize(("team", "name"), [("", "dora"), ("  ", "dora"), ("Blue \n Team", "Blue Team")])
def test_the_account_is_named_after_the_team_or_the_address(team: str, name: str) -> None:
    come_in(Client(), team=team)
    assert Account.objects.get().name == name


def test_confirming_in_another_browser_leads_to_the_log_in_which_opens_the_account() -> None:
    desk, phone = Client(), Client()
    sign_up(desk, team="Blue Team")
    confirmed = phone.post(mailed_path())
    assert confirmed["Location"] == "/accounts/login/"
    assert "Confirmed dora@example.org" in phone.get("/accounts/login/").content.decode()
    assert not Account.objects.exists()
    response = desk.post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})
    account = Account.objects.get()
    assert response["Location"] == f"/a/{account.pk}/"
    assert account.name == "Blue Team"
    assert KEY.search(desk.get(f"/a/{account.pk}/keys/").content.decode())


def test_logging_in_on_the_other_browser_names_the_account_after_the_address() -> None:
    sign_up(Client(), team="Blue Team")
    phone = Client()
    phone.post(mailed_path())
    phone.post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert Account.objects.get().name == "dora"


def test_logging_in_again_opens_no_second_account() -> None:
    come_in(Client())
    for _ in range(2):
        Client().post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert Account.objects.count() == 1


def test_logging_in_before_the_address_is_confirmed_sends_a_new_link_and_opens_nothing() -> None:
    sign_up(Client())
    cache.clear()  # three minutes later
    response = Client().post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert response["Location"] == "/accounts/confirm-email/"
    assert [sent.to for sent in mail.outbox] == [["dora@example.org"]] * 2
    assert not Account.objects.exists()


def test_who_is_invited_gets_no_account_of_his_own(acme: Account) -> None:
    invited = {"email": "Dora@example.org", "role": Role.MEMBER, "hash": "0" * 64}
    Invitation.objects.create(account=acme, expires=timezone.now() + timedelta(days=1), **invited)
    assert come_in(Client())["Location"] == "/"
    assert Account.objects.count() == 1


@pytest.mark.parametrize("over", ["expired", "withdrawn", "closed"])
def test_an_invitation_that_is_over_changes_nothing(acme: Account, over: str) -> None:
    invited: dict[str, Any] = {"email": "dora@example.org", "role": Role.MEMBER, "hash": "0" * 64}
    now = timezone.now()
    times = {"expires": now if over == "expired" else now + timedelta(days=1)}
    Invitation.objects.create(account=acme, **invited, **times, withdrawn=now if over == "withdrawn" else None)
    Account.objects.filter(pk=acme.pk).update(closed=now if over == "closed" else None)
    come_in(Client())
    assert Membership.objects.filter(user__email="dora@example.org", role=Role.OWNER).count() == 1


def test_a_member_of_a_closed_account_gets_no_other_by_logging_in(alice: User, acme: Account) -> None:
    acme.closed = timezone.now()
    acme.save()
    response = Client().post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert response["Location"] == "/"
    assert Account.objects.count() == 1


def test_the_link_works_once_and_a_replay_harms_nothing() -> None:
    come_in(Client())
    link = mailed_path()
    for method in ("get", "post"):
        answer = getattr(Client(), method)(link)
        assert "This link does not work" in answer.content.decode()
        assert COOKIE not in answer.cookies
    assert Account.objects.count() == 1
    assert EmailAddress.objects.get().verified


def test_a_link_that_is_three_days_old_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(Client())
    later = timezone.now() + timedelta(days=3, seconds=1)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)
    assert "This link does not work" in Client().get(mailed_path()).content.decode()
    assert "This link does not work" in Client().post(mailed_path()).content.decode()
    assert not EmailAddress.objects.get().verified


def test_the_first_key_is_shown_once_and_works() -> None:
    browser = Client()
    response = come_in(browser)
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
    response = come_in(browser)
    raw = _handed_over(response, Account.objects.get().pk)
    browser.get(response["Location"] + "keys/")
    stored = _everything_stored()
    assert ApiKey.objects.get().hash in stored
    assert raw not in stored
    assert raw.partition("_")[2] not in stored


def test_the_handed_over_key_is_for_its_account_only() -> None:
    response = come_in(Client())
    assert _read_cookie(response.cookies[COOKIE].value, Account.objects.get().pk + 1) is None


def test_a_forged_or_late_cookie_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    value = come_in(Client()).cookies[COOKIE].value
    account_id = Account.objects.get().pk
    assert _read_cookie(value[:-1] + ("A" if value[-1] != "A" else "B"), account_id) is None
    later = timezone.now() + timedelta(seconds=301)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)
    assert _read_cookie(value, account_id) is None


@pytest.mark.parametrize("email", ["alice@example.org", "ALICE@example.org"])
def test_a_taken_address_gets_the_same_answer_and_its_owner_a_mail(alice: User, email: str) -> None:
    taken, free = Client(), Client()
    answers = [sign_up(taken, email=email), sign_up(free, email="dora@example.org")]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert [sent.to for sent in mail.outbox] == [["alice@example.org"], ["dora@example.org"]]
    assert "there is a user with" in str(mail.outbox[0].body)
    assert User.objects.count() == 2
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_of_two_sign_ups_at_the_same_time_one_makes_the_user_and_both_get_the_same_answer(
    request: pytest.FixtureRequest,
) -> None:
    def be_first(instance: User, **_: Any) -> None:
        User.objects.bulk_create([User(email=instance.email)])  # sends no signal

    pre_save.connect(be_first, sender=User)
    request.addfinalizer(lambda: pre_save.disconnect(be_first, sender=User))
    assert sign_up(Client())["Location"] == "/accounts/confirm-email/"
    assert User.objects.count() == 0  # the test's own first one was rolled back with the second
    assert "there is a user with" in str(mail.outbox[0].body)
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
    assert come_in(Client(), next=bad)["Location"] == f"/a/{Account.objects.get().pk}/"


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
