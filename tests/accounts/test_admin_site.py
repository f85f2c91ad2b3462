"""The admin site, on real servers: off unless it is turned on, for superusers only, and without secrets."""

import re
from collections.abc import Iterator

import pytest

from tests.server import Keys, Server
from tests.visitor import Visitor

PASSWORD = "correct-horse-battery"
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
def root(admin_server: Server, acme: Keys) -> Visitor:
    return Visitor(admin_server).log_in("root@example.org", PASSWORD)


def text(browser: Visitor, path: str) -> str:
    reply = browser.send("GET", f"/admin/{path}")
    assert reply.status == 200, path
    return reply.body.decode()


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
    assert Visitor(admin_server).log_in("alice@example.org", PASSWORD).send("GET", f"/admin/{path}").status == 403


def test_a_superuser_sees_accounts_with_their_usage(root: Visitor, acme: Keys) -> None:
    page = text(root, "accounts/account/?q=alice")
    row = page[page.index('class="row') :] if 'class="row' in page else page
    assert re.search(r'field-people">\s*1<', row)
    assert re.search(r'field-live_keys">\s*2<', row)
    detail = text(root, f"accounts/account/{acme.account}/change/")
    assert "alice@example.org" in detail
    assert "Save" not in detail


@pytest.mark.parametrize("model", ["user", "account", "apikey", "auditentry"])
def test_no_page_shows_a_secret(root: Visitor, acme: Keys, model: str) -> None:
    listed = text(root, f"accounts/{model}/")
    pages = [listed, *(text(root, link) for link in links(listed, model))]
    assert len(pages) > 1 or model == "auditentry"
    for page in pages:
        assert not re.search(r"\b[0-9a-f]{40}", page)
        assert "argon2" not in page
        assert acme.key not in page


@pytest.mark.parametrize("model", ["user", "account", "apikey", "auditentry"])
def test_nothing_is_made_or_deleted_there(root: Visitor, acme: Keys, model: str) -> None:
    assert root.send("GET", f"/admin/accounts/{model}/add/").status == 403
    assert root.post(f"/admin/accounts/{model}/add/", {}).status == 403
    for link in links(text(root, f"accounts/{model}/"), model)[:1]:
        assert root.send("GET", f"/admin/{link.replace('/change/', '/delete/')}").status == 403
        if model != "user":
            assert root.post(f"/admin/{link}", {"label": "mine"}).status == 403


def test_a_person_is_shut_out_but_nobody_shuts_himself_out(admin_server: Server, root: Visitor) -> None:
    admin_server.new_account("mallory@example.org", PASSWORD)
    mallory = Visitor(admin_server).log_in("mallory@example.org", PASSWORD)
    assert "/accounts/logout/" in mallory.send("GET", "/profile/").body.decode()
    [link] = links(text(root, "accounts/user/?q=mallory"), "user")
    none = {f"memberships-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    assert root.post(f"/admin/{link}", none).status == 200  # without `is_active`
    assert 'action="/accounts/login/"' in mallory.send("GET", "/profile/").body.decode()
    [own] = links(text(root, "accounts/user/?q=root"), "user")
    assert root.post(f"/admin/{own}", none).status == 403


def test_only_what_is_ours_is_shown(root: Visitor) -> None:
    shown = set(re.findall(r'href="/admin/(\w+/\w+/)"', text(root, "")))
    assert shown == {path for path in LISTS if path}


def test_passwords_are_changed_where_everybody_does(root: Visitor) -> None:
    assert "/accounts/password/change/" in root.send("GET", "/admin/password_change/").body.decode()


def test_its_pages_take_no_script_or_style_from_themselves(root: Visitor) -> None:
    policy = root.send("GET", "/admin/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    for path in LISTS:
        page = text(root, path)
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S|<style|\sstyle=|\son\w+=", page), path
