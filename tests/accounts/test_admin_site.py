"""The admin site, on real servers: off unless it is turned on, for superusers only, and without secrets."""

import re
from collections.abc import Iterator

import pytest
import requests

from tests.accounts.routes import fill, parameters
from tests.server import Keys, Server
from tests.stats.test_access_while_watching import AT_ONCE, code_of
from tests.stats.test_live_websocket import listening, message
from tests.web_browser import WebBrowser

PASSWORD = "correct-horse-battery"
_ROUTES = "from tests.accounts.routes import site_routes; print(*site_routes(), sep='\\n')"
LISTS = ["", "accounts/user/", "accounts/account/", "accounts/apikey/", "accounts/auditentry/"]


@pytest.fixture(scope="module")
def admin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("admin") / "data", DATTSS_ADMIN="1", UDP_PORT="0").start()
    server.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    made = server.manage("createsuperuser", "--noinput", "--email", "Root@Example.org")
    assert made.returncode == 0, made.stderr
    yield server
    server.stop()


@pytest.fixture(scope="module")
def acme(admin_server: Server) -> Keys:
    return admin_server.new_account("alice@example.org", PASSWORD)


@pytest.fixture(scope="module")
def root(admin_server: Server, acme: Keys) -> WebBrowser:
    return WebBrowser.of(admin_server, "root@example.org", PASSWORD)


@pytest.fixture(scope="module")
def admin_routes(admin_server: Server) -> list[str]:
    routes = admin_server.manage("shell", "-v0", "-c", _ROUTES).stdout.split()
    found = [route for route in routes if route.startswith("admin/")]
    assert len(found) > 30
    return found


def text(browser: WebBrowser, path: str) -> str:
    reply = browser.open(f"/admin/{path}")
    assert reply.status_code == 200, path
    return reply.text


def links(page: str, model: str) -> list[str]:
    return re.findall(rf'href="/admin/(accounts/{model}/\d+/change/)[?"]', page)


def test_it_is_off_by_default(server: Server) -> None:
    assert server.request("GET", "/admin/").status == 404


def test_who_is_not_logged_in_comes_to_the_log_in_of_everybody(admin_server: Server) -> None:
    reply = admin_server.request("GET", "/admin/accounts/user/")
    assert 'action="/accounts/login/"' in reply.body.decode()
    assert 'name="next" value="/admin/accounts/user/"' in reply.body.decode()


def test_its_own_log_in_form_answers_nobody(admin_server: Server) -> None:
    """It would ask for no second factor."""
    fields = b"username=root%40example.org&password=correct-horse-battery"
    reply = admin_server.request("POST", "/admin/login/?next=/admin/", fields)
    assert "session" not in str(reply.headers)
    assert 'action="/accounts/login/"' in reply.body.decode() or reply.status == 403


@pytest.mark.parametrize("path", LISTS)
def test_people_who_are_no_superusers_are_refused(admin_server: Server, acme: Keys, path: str) -> None:
    assert WebBrowser.of(admin_server, "alice@example.org", PASSWORD).open(f"/admin/{path}").status_code == 403


@pytest.mark.parametrize("caller", ["anonymous", "owner", "read key"])
def test_no_route_of_it_is_anybody_elses(
    admin_server: Server, admin_routes: list[str], acme: Keys, caller: str
) -> None:
    """In the place of rows in `access_table`, whose site has none of these routes."""
    headers = {
        "anonymous": {},
        "owner": {"Cookie": WebBrowser.of(admin_server, "alice@example.org", PASSWORD).cookie_header},
        "read key": {"Authorization": f"Bearer {acme.read_key}"},
    }[caller]
    for route in admin_routes:
        path = fill(route, dict.fromkeys(parameters(route), "1"))
        for method in ("GET", "POST"):
            url = f"{admin_server.url}{path}"
            reply = requests.request(method, url, headers=headers, allow_redirects=False, timeout=20)
            assert _is_refused(reply), (method, path, reply.status_code)


def _is_refused(reply: requests.Response) -> bool:
    """403 or 404, or a way to the log-in; who logs out of where he never was comes to the beginning."""
    away = reply.headers.get("Location", "")
    return reply.status_code in (403, 404) or (
        reply.status_code == 302 and ("/login/?next=" in away or away == "/admin/")
    )


def test_a_superuser_sees_accounts_with_their_usage(root: WebBrowser, acme: Keys) -> None:
    page = text(root, "accounts/account/?q=alice")
    row = page[page.index('class="row') :] if 'class="row' in page else page
    assert re.search(r'field-people">\s*1<', row)
    assert re.search(r'field-live_keys">\s*2<', row)
    detail = text(root, f"accounts/account/{acme.account}/change/")
    assert "alice@example.org" in detail
    assert "Save" not in detail


@pytest.mark.parametrize("model", ["user", "account", "apikey", "auditentry"])
def test_no_page_shows_a_secret(root: WebBrowser, acme: Keys, model: str) -> None:
    listed = text(root, f"accounts/{model}/")
    pages = [listed, *(text(root, link) for link in links(listed, model))]
    assert len(pages) > 1 or model == "auditentry"
    for page in pages:
        assert not re.search(r"\b[0-9a-f]{40}", page)
        assert "argon2" not in page
        assert acme.key not in page


@pytest.mark.parametrize("model", ["user", "account", "apikey", "auditentry"])
def test_nothing_is_made_or_deleted_there(root: WebBrowser, acme: Keys, model: str) -> None:
    assert root.open(f"/admin/accounts/{model}/add/").status_code == 403
    assert root.submit(f"/admin/accounts/{model}/add/").status_code == 403
    for link in links(text(root, f"accounts/{model}/"), model)[:1]:
        assert root.open(f"/admin/{link.replace('/change/', '/delete/')}").status_code == 403
        if model != "user":
            assert root.submit(f"/admin/{link}", label="mine").status_code == 403


def test_a_person_is_shut_out_but_nobody_shuts_himself_out(admin_server: Server, root: WebBrowser) -> None:
    keys = admin_server.new_account("mallory@example.org", PASSWORD)
    mallory = WebBrowser.of(admin_server, "mallory@example.org", PASSWORD)
    assert "/accounts/logout/" in mallory.open("/profile/").text
    [link] = links(text(root, "accounts/user/?q=mallory"), "user")
    none = {f"memberships-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    path, cookie = f"/ws/live/?account={keys.account}", mallory.cookie_header
    with listening(admin_server, path, Cookie=cookie, Origin=admin_server.url) as page:
        assert message(page)["account"] == keys.account
        assert root.submit(f"/admin/{link}", **none).status_code == 200  # without `is_active`
        assert code_of(page, AT_ONCE) == 4401
    assert 'action="/accounts/login/"' in mallory.open("/profile/").text
    [own] = links(text(root, "accounts/user/?q=root"), "user")
    assert root.submit(f"/admin/{own}", **none).status_code == 403


def test_only_what_is_ours_is_shown(root: WebBrowser) -> None:
    shown = set(re.findall(r'href="/admin/(\w+/\w+/)"', text(root, "")))
    assert shown == {path for path in LISTS if path}


def test_passwords_are_changed_where_everybody_does(root: WebBrowser) -> None:
    assert "/accounts/password/change/" in root.open("/admin/password_change/").text


def test_its_pages_take_no_script_or_style_from_themselves(root: WebBrowser) -> None:
    policy = root.open("/admin/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    for path in LISTS:
        page = text(root, path)
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S|<style|\sstyle=|\son\w+=", page), path
