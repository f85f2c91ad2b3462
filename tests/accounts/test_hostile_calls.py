"""Calls that nobody makes by accident: forged posts, numbers and names beyond all bounds, foreign sessions."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test.client import Client, ClientHandler

from accounts.models import Account, User
from tests.accounts.access_table import ROUTES
from tests.accounts.conftest import PASSWORD
from tests.accounts.routes import fill, parameters
from tests.accounts.tenants import Scene, set_the_scene
from tests.accounts.test_access_table import FORM, in_words, undone, url

CHECKED = ClientHandler(enforce_csrf_checks=True)
ENGINE_AWAY = 503  # in these tests there is none
ODD_NUMBERS = ["0", "9" * 18, str(2**31), str(2**63 - 1), str(2**63), "9" * 40, "9" * 5000, "007"]
ODD_TEXTS = [
    "..",
    "%2e%2e%2f%2e%2e%2fsettings.py",
    "%FF",
    "%ED%A0%80",
    "%E2%80%AE",
    "'",
    "<script>",
    "{{7*7}}",
    "a" * 3000,
    "%0A",
    "🦆",
]
ODD_QUERIES = [
    "account=1&account=2",
    "account=",
    "account=-1",
    f"account={2**63}",
    "account=%D9%A3",
    "account=0x1",
    "account[]=1",
    "next=//evil.example",
    "page=9999999999999999999999",
    "page=-1",
    "before=x",
    "q=%ED%A0%80",
    "format=exe",
    "&&&===",
    "%",
]


@pytest.fixture
def scene(db: None) -> Scene:
    return set_the_scene()


ONE_CLICK = "reports/<token>/unsubscribe/"  # mail programs post there by themselves: its signed link is the token


@pytest.mark.parametrize("route", [route for route in ROUTES if "POST" in ROUTES[route] and route != ONE_CLICK])
def test_a_post_without_a_token_is_refused(route: str, scene: Scene) -> None:
    """Also where the person may do it: another site's form may not."""
    for caller in ("anonymous", "owner"):
        client = scene.client(caller, CHECKED)
        refusals = (401, 403) if route.startswith("api/") else (403,)  # the API says first that nobody is there
        assert client.post(url(route, scene.acme.parameters)).status_code in refusals, caller


@pytest.mark.parametrize("route", [route for route in ROUTES if parameters(route)])
def test_no_path_makes_an_error_of_ours(route: str, scene: Scene) -> None:
    client = scene.client("owner")
    for name in parameters(route):
        for odd in ODD_NUMBERS if name.endswith("_id") else ODD_TEXTS:
            for method in ROUTES[route]:
                with undone():
                    path = fill(route, {**scene.acme.parameters, name: odd})
                    status = client.generic(method, path, content_type=FORM).status_code
                    assert status < 500 or status == ENGINE_AWAY, (method, path[:200])


@pytest.mark.parametrize("route", [route for route in ROUTES if "GET" in ROUTES[route]])
def test_no_query_makes_an_error_of_ours_or_opens_a_door(route: str, scene: Scene) -> None:
    path = fill(route, scene.acme.parameters)
    for caller in ("owner", "stranger"):
        client = scene.client(caller)
        plain = in_words(client.get(path))
        for query in ODD_QUERIES:
            response = client.get(f"{path}?{query}")
            assert response.status_code in (200, 302, 400, 404, ENGINE_AWAY), query
            assert urlsplit(response.get("Location", "")).netloc == "", query
            assert in_words(response) in (plain, "404"), query


@pytest.mark.parametrize("name", ["dattss_session", "dattss_csrf", "messages", "dattss_new_key"])
@pytest.mark.parametrize(
    "value", ["", "x", "a" * 3000, "\\377\\376", "\xf0\x9f", "{}", "null", "bm90:1:x", "%00", '"', ";;="]
)
def test_a_bad_cookie_is_no_error_of_ours(name: str, value: str, scene: Scene) -> None:
    for path in ("/", "/accounts/login/", f"/a/{scene.acme.account.pk}/keys/", "/api/v1/processes/"):
        for method in ("get", "post"):
            client = Client()
            client.handler = CHECKED
            client.cookies[name] = value
            assert getattr(client, method)(path).status_code < 500, (method, path)


def test_the_first_of_two_accounts_is_not_smuggled_past_the_check(scene: Scene) -> None:
    """Who checks and who answers look at the same one, whichever it is."""
    own, other = scene.acme.account.pk, scene.other.account.pk
    client = scene.client("owner")
    answers = {in_words(client.get(f"/api/v1/processes/?account={a}&account={b}")) for a, b in [(own, other)]}
    assert answers == {"404"}


def test_logging_in_begins_a_new_session(alice: User, acme: Account) -> None:
    """A session that somebody else has planted is not the one that is logged in."""
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["dattss_session"] = planted or ""
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert client.cookies["dattss_session"].value != planted
    assert Session.objects.filter(pk=planted).count() == 0


def test_a_session_ends_with_the_log_out_wherever_its_cookie_was_copied(
    alice: User, acme: Account, browser_of: Callable[[User], Client]
) -> None:
    browser, copy = browser_of(alice), Client()
    copy.cookies["dattss_session"] = browser.cookies["dattss_session"].value
    assert copy.get(f"/a/{acme.pk}/").status_code == 200
    assert browser.get("/accounts/logout/").status_code == 200
    assert copy.get(f"/a/{acme.pk}/").status_code == 200, "a link does not log out"
    browser.post("/accounts/logout/")
    assert copy.get(f"/a/{acme.pk}/").status_code == 302
