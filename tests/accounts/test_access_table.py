"""Walks every route with every method and every kind of caller, and compares with `access_table`."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPMethod
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse

from accounts.models import User
from tests.accounts.access_table import CALLERS, LANES, NONE_YET, ROUTES
from tests.accounts.conftest import PASSWORD
from tests.accounts.routes import fill, parameters, site_routes
from tests.accounts.tenants import OBJECTS, Scene, Tenant, set_the_scene

FORM = "application/x-www-form-urlencoded"
METHODS = [str(method) for method in HTTPMethod if method not in ("HEAD", "CONNECT")]
# For these a method that a route does not know would show if there were one.
TRYING = ("owner", "read", "ingest")


@pytest.fixture
def scene(db: None) -> Scene:
    return set_the_scene()


def test_the_table_has_every_route_and_no_other() -> None:
    known = {*ROUTES, *(route for route in LANES if route.startswith("api/"))}
    found = set(site_routes())
    assert found - known == set(), "say in access_table.py who may call these"
    assert known - found == set(), "these are gone"


@pytest.mark.parametrize("route", ROUTES)
def test_each_caller_gets_what_the_table_says(route: str, scene: Scene) -> None:
    for method, expected in ROUTES[route].items():
        got = {caller: answer(scene, caller, method, route) for caller in CALLERS}
        assert got == expected, method


@pytest.mark.parametrize("route", [route for route in ROUTES if "GET" in ROUTES[route]])
def test_head_goes_with_get(route: str, scene: Scene) -> None:
    expected = ROUTES[route]["GET"]
    for caller in ("anonymous", "viewer", "stranger"):
        assert answer(scene, caller, "HEAD", route) == expected[caller], caller


@pytest.mark.parametrize("route", ROUTES)
def test_a_method_that_is_not_in_the_table_is_nobodys(route: str, scene: Scene) -> None:
    for method in METHODS:
        if method not in ROUTES[route]:
            got = {caller: answer(scene, caller, method, route) for caller in TRYING}
            assert set(got.values()) <= {"405", "401", "403", "login"}, (method, got)


@pytest.mark.parametrize("route", [route for route in ROUTES if OBJECTS.keys() & set(parameters(route))])
def test_objects_of_the_other_tenant_are_not_found(route: str, scene: Scene) -> None:
    """The own account with an object of the other one in the path; here its id is that of the own account."""
    for method, expected in ROUTES[route].items():
        for caller in CALLERS:
            got = answer(scene, caller, method, route, objects_of=scene.other)
            assert got == "404" or got == expected[caller] != "ok", (caller, method)


@pytest.mark.parametrize("route", [route for route in ROUTES if NONE_YET in ROUTES[route].values()])
def test_who_has_second_factors_finds_his_own_there_and_nobody_elses(route: str, scene: Scene) -> None:
    for user in scene.people.values():
        TOTP.activate(user, "A" * 32)
        RecoveryCodes.activate(user)
    for caller in CALLERS:
        client = scene.client(caller)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        response = client.get(f"/{route}")
        assert in_words(response) == ("ok" if caller in scene.people else "login"), caller
        if caller in scene.people:
            assert response.status_code == 200
            shown = set(re.findall(r"\b[0-9]{8}\b", response.content.decode()))
            assert shown == (codes_of(scene.people[caller]) if "recovery" in route else set()), caller


def codes_of(user: User) -> set[str]:
    """The recovery codes that work."""
    kept = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return set(RecoveryCodes(kept).get_unused_codes())


def answer(scene: Scene, caller: str, method: str, route: str, objects_of: Tenant | None = None) -> str:
    """What the caller gets, in the words of the table; whatever the call has changed is undone."""
    tenant = scene.target(caller)
    values = tenant.parameters | ({name: objects_of.parameters[name] for name in OBJECTS} if objects_of else {})
    with undone():
        return in_words(scene.client(caller).generic(method, url(route, values), content_type=FORM))


def url(route: str, values: Mapping[str, str]) -> str:
    """The API finds the account in the query, else it would be the one that the caller has."""
    query = f"?account={values['account_id']}" if route.startswith("api/v1/") else ""
    return fill(route, values) + query


def in_words(response: HttpResponse | Any) -> str:
    status = response.status_code
    if status == 302:
        return "login" if response["Location"].startswith("/accounts/login/?") else "ok"
    return "ok" if status in (200, 204, 400, 503) else str(status)


@contextmanager
def undone() -> Iterator[None]:
    cache.clear()  # many log-ins in a row would be refused
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
