"""What goes along with every answer, whoever asks and whatever it is; and what TLS adds."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.accounts.access_table import ROUTES
from tests.accounts.routes import fill
from tests.accounts.tenants import Scene, set_the_scene
from tests.server import ROOT, Keys, Server
from tests.web_browser import WebBrowser

PUBLIC = "https://stats.example.org"
EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def scene(db: None) -> Scene:
    return set_the_scene()


def assert_closed(response: Any) -> None:
    assert {name: response.get(name) for name in EXPECTED} == EXPECTED
    assert "camera=()" in response["Permissions-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";") if part)
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "Content-Security-Policy-Report-Only" not in response


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("caller", ["anonymous", "owner", "stranger"])
def test_every_route_answers_with_closed_doors(scene: Scene, route: str, caller: str) -> None:
    client = scene.client(caller)
    for method in (*ROUTES[route], "DELETE"):
        response = client.generic(method, fill(route, scene.acme.parameters))
        assert_closed(response)
        assert "no-store" in response["Cache-Control"], method


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nowhere/", "/static/site/site.css", "/static/site/favicon.svg", "/static/nowhere"])
def test_files_and_errors_have_them_too(path: str) -> None:
    response = Client().get(path)
    assert_closed(response)
    response.close()


@pytest.mark.django_db
def test_packages_are_not_taken_for_something_else(settings: Settings, tmp_path: Path) -> None:
    settings.CLIENT_PACKAGES = tmp_path
    (tmp_path / "dattss-1.0.tgz").write_bytes(b"<html><script>alert(1)</script>")
    response = Client().get("/clients/dattss-1.0.tgz")
    assert_closed(response)
    assert response["Content-Disposition"].startswith("attachment")
    response.close()


def test_an_error_page_reveals_nothing(scene: Scene) -> None:
    client = scene.client("owner")
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_membership RENAME TO gone")
    for path in (f"/a/{scene.acme.account.pk}/", "/api/v1/processes/"):
        response = client.get(f"{path}?secret=1_abc")
        assert response.status_code == 500
        assert_closed(response)
        text = response.content.decode()
        assert not [word for word in ("Error", "Traceback", "secret", "membership", "alice") if word in text]


def test_the_short_lanes_are_not_taken_for_something_else(server: Server) -> None:
    for method, path in [
        ("GET", "/agg"),
        ("PUT", "/agg"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("PUT", "/api/v1/agg/"),
    ]:
        headers = server.request(method, path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "no-store" in headers["Cache-Control"]
        assert headers["Content-Type"] == "application/json"


def test_a_production_environment_passes_the_deployment_checks(tmp_path: Path) -> None:
    production = {
        "PUBLIC_URL": PUBLIC,
        "HOST": "0.0.0.0",
        "DATTSS_DATA": str(tmp_path),
        "REDIS_URL": "redis://redis.internal/0",
        "DATABASE_URL": "postgres://dattss:secret@db.internal/dattss",
        "EMAIL_URL": "smtp://user:secret@mail.example.org:587/?tls=True",
        "TRUSTED_PROXIES": "1",
    }
    command = [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "DEBUG"]
    checked = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **production}, capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout + checked.stderr
    assert "WARNING" not in checked.stderr


class TestBehindTls:
    """A server whose public address is `https:`, as a load balancer reaches it."""

    @pytest.fixture
    def secured(self, new_server: Callable[..., Server]) -> Server:
        return new_server(PUBLIC_URL=PUBLIC, TRUSTED_PROXIES="1")

    def test_all_of_it(self, secured: Server) -> None:
        keys = secured.new_account("alice@example.org")
        self.plain_pages_lead_to_tls(secured)
        self.programs_inside_need_no_tls(secured, keys)
        self.browsers_are_told_to_stay(secured)
        self.cookies_are_for_this_host_alone(secured)

    def plain_pages_lead_to_tls(self, server: Server) -> None:
        response = requests.get(f"{server.url}/accounts/login/", allow_redirects=False, timeout=20)
        assert (response.status_code, response.headers["Location"]) == (301, f"{PUBLIC}/accounts/login/")
        assert "Set-Cookie" not in response.headers

    def programs_inside_need_no_tls(self, server: Server, keys: Keys) -> None:
        assert server.commit(keys.key, {"nam": "api", "prt": {}}).status == 200
        assert server.commit(keys.key, {"nam": "api", "prt": {}}, "/api/v1/agg/").status == 200
        reply = server.request("GET", "/api/v1/processes/", Authorization=f"Bearer {keys.read_key}")
        assert reply.status == 200

    def browsers_are_told_to_stay(self, server: Server) -> None:
        response = _tls_browser(server).open("/")
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"

    def cookies_are_for_this_host_alone(self, server: Server) -> None:
        browser = _tls_browser(server)
        page = browser.open("/accounts/login/")
        token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        # A real browser would send cookies over TLS only; this one is told to.
        response = requests.post(
            f"{server.url}/accounts/login/",
            {"login": "alice@example.org", "password": "correct-horse-battery", "csrfmiddlewaretoken": token},
            headers={**browser.headers, "Cookie": browser.cookie_header, "Referer": f"{PUBLIC}/accounts/login/"},
            allow_redirects=False,
            timeout=20,
        )
        assert response.status_code == 302
        cookies = {cookie.name: cookie for cookie in [*page.cookies, *response.cookies]}
        for name in ("__Host-dattss_session", "__Host-dattss_csrf"):
            cookie = cookies[name]
            assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)
            assert cookie.has_nonstandard_attr("HttpOnly")
            assert cookie.get_nonstandard_attr("SameSite") == "Lax"


def _tls_browser(server: Server) -> WebBrowser:
    return WebBrowser(server, Host="stats.example.org", X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.7")
