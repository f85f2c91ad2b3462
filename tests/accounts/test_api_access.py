"""The same answers as an API client sees them: 401, 403 and 404 of a small view, by key and by session."""

from typing import Any

import pytest
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import Right, access_for_request
from accounts.keys import make_key, revoke
from accounts.models import Account, Scope, User
from accounts.opening import OpenedAccount
from accounts.system_account import ensure_system_account


class WhoView(APIView):
    def get(self, request: Request) -> Response:
        granted = access_for_request(request)
        return Response({"account": granted.account.pk, "role": granted.role})

    def post(self, request: Request) -> Response:
        return Response({"account": access_for_request(request, right=Right.CHANGE).account.pk})


urlpatterns = [path("who/", WhoView.as_view())]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def read_key(acme: Account) -> str:
    return make_key(acme, "r", Scope.READ, None)[1]


def ask(raw: str | None = None, query: str = "", kind: str = "Bearer") -> Any:
    headers = {} if raw is None else {"Authorization": f"{kind} {raw}"}
    return Client().get("/who/" + query, headers=headers)


def browser_of(user: User, enforce_csrf_checks: bool = False) -> Client:
    browser = Client(enforce_csrf_checks=enforce_csrf_checks)
    browser.force_login(user)
    return browser


def test_nobody_gets_401_with_the_way_to_come_in() -> None:
    response = ask()
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_read_key_reads(read_key: str, acme: Account) -> None:
    for kind in ("Bearer", "bearer"):
        response = ask(read_key, kind=kind)
        assert response.status_code == 200
        assert response.json() == {"account": acme.pk, "role": "read key"}


def test_a_read_key_does_not_write(read_key: str) -> None:
    response = Client().post("/who/", headers={"Authorization": f"Bearer {read_key}"})
    assert response.status_code == 403


def test_a_read_key_decides_its_account(read_key: str, acme: Account) -> None:
    ensure_system_account()
    assert ask(read_key, f"?account={acme.pk}").status_code == 200
    assert ask(read_key, f"?account={acme.pk + 1}").status_code == 404
    assert ask(read_key, "?account=0").status_code == 404


def test_an_ingest_key_gets_403(opened: OpenedAccount) -> None:
    assert ask(opened.raw).status_code == 403


@pytest.mark.parametrize("raw", ["", "nonsense", "1_" + "a" * 40, "two words", "\xff\xfe"])
def test_an_unknown_key_gets_401(raw: str) -> None:
    response = ask(raw)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_gets_401(acme: Account) -> None:
    key, raw = make_key(acme, "r", Scope.READ, None)
    revoke(key)
    assert ask(raw).status_code == 401


def test_a_key_wins_over_the_session(read_key: str, acme: Account, charlie: User) -> None:
    browser = browser_of(charlie)
    response = browser.get("/who/", headers={"Authorization": f"Bearer {read_key}"})
    assert response.json()["account"] == acme.pk


def test_a_session_reads_its_own_account_and_no_other(charlie: User, acme: Account) -> None:
    browser = browser_of(charlie)
    assert browser.get("/who/").json()["role"] == "owner"
    assert browser.get(f"/who/?account={acme.pk}").status_code == 404


def test_a_viewer_who_writes_gets_403(vera: User) -> None:
    browser = browser_of(vera)
    assert browser.get("/who/").status_code == 200
    assert browser.post("/who/").status_code == 403


def test_a_session_writes_only_with_a_csrf_token(alice: User, acme: Account) -> None:
    assert browser_of(alice, enforce_csrf_checks=True).post("/who/").status_code == 403
    assert browser_of(alice).post("/who/").status_code == 200


def test_account_0_is_read_by_everybody() -> None:
    ensure_system_account()
    response = ask(query="?account=0")
    assert response.status_code == 200
    assert response.json() == {"account": 0, "role": "public"}
