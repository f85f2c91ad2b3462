"""Second factors without a browser: codes of an app, codes for emergencies. Passkeys need one (`tests/browser`)."""

import base64
import json
import re
import time
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, AuditEntry, User
from accounts.second_factor import passkeys_possible
from tests.accounts.conftest import PASSWORD

SECRET = re.compile(r'id="totp-secret">([A-Z2-7]+)<')
CODE = re.compile(r"<li><code>([0-9]{8})</code></li>")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    clock = Clock()
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: clock.now)
    return clock


class Clock:
    """The time that codes are made of; it stands still in the middle of a code's 30 seconds."""

    def __init__(self) -> None:
        self.now = time.time() // 30 * 30 + 15


def enter_password(user: User) -> tuple[Client, Any]:
    client = Client()
    return client, client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def code_of(secret: str, clock: Clock, steps: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(clock.now) // 30 + steps)))


def confirmed(browser: Client, path: str) -> Any:
    """A page that wants the password first."""
    asked = browser.get(path, follow=True)
    assert "Confirm that it is you" in asked.content.decode()
    return browser.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)


@pytest.fixture
def secret(alice: User, acme: Account, clock: Clock) -> str:
    """Alice's app is set up; the secret in it. The codes of now are used."""
    browser, _ = enter_password(alice)
    page = confirmed(browser, "/accounts/2fa/totp/activate/")
    found = SECRET.search(page.content.decode())
    assert found
    done = browser.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1], clock)}, follow=True)
    assert len(CODE.findall(done.content.decode())) == 10
    clock.now += 300
    cache.clear()
    mail.outbox.clear()
    return found[1]


def recovery_codes(user: User) -> list[str]:
    return list(Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes())


def test_the_picture_is_part_of_the_page_and_the_secret_beside_it(alice: User) -> None:
    browser, _ = enter_password(alice)
    page = confirmed(browser, "/accounts/2fa/totp/activate/").content.decode()
    assert SECRET.search(page)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert picture
    assert b"<svg" in base64.b64decode(picture[1])


def test_setting_it_up_takes_a_right_code(alice: User, clock: Clock) -> None:
    browser, _ = enter_password(alice)
    page = confirmed(browser, "/accounts/2fa/totp/activate/")
    found = SECRET.search(page.content.decode())
    assert found
    wrong = browser.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1], clock, steps=5)})
    assert "Incorrect code" in wrong.content.decode()
    assert not Authenticator.objects.exists()


def test_the_password_alone_no_longer_logs_in(alice: User, acme: Account, secret: str, clock: Clock) -> None:
    browser, answer = enter_password(alice)
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get(f"/a/{acme.pk}/keys/").status_code == 302
    done = browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)})
    assert done["Location"] == f"/a/{acme.pk}/"
    assert browser.get(f"/a/{acme.pk}/keys/").status_code == 200
    assert AuditEntry.objects.filter(action="login").latest("pk").details == {"ways": ["password", "totp"]}


def test_the_way_leads_on_to_where_the_person_wanted_to_go(
    alice: User, acme: Account, secret: str, clock: Clock
) -> None:
    for wanted, reached in ((f"/a/{acme.pk}/keys/", f"/a/{acme.pk}/keys/"), ("//evil.example/", f"/a/{acme.pk}/")):
        browser = Client()
        browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD, "next": wanted})
        done = browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)})
        assert done["Location"] == reached
        clock.now += 300


def test_a_code_works_once_also_for_somebody_who_reads_along(alice: User, secret: str, clock: Clock) -> None:
    code = code_of(secret, clock)
    first, _ = enter_password(alice)
    assert first.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    second, _ = enter_password(alice)
    assert "Incorrect code" in second.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(alice: User, secret: str, clock: Clock, steps: int, works: bool) -> None:
    browser, _ = enter_password(alice)
    answer = browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock, steps)})
    assert (answer.status_code == 302) == works


def test_guessing_codes_is_stopped_from_wherever_it_is_tried(alice: User, secret: str, clock: Clock) -> None:
    right = code_of(secret, clock)
    for guess in range(5):
        wrong = f"{(int(right) + 1 + guess) % 1_000_000:06}"
        browser = Client(REMOTE_ADDR=f"192.0.2.{guess}")
        browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
        answer = browser.post("/accounts/2fa/authenticate/", {"code": wrong})
        assert "Incorrect code" in answer.content.decode()
    answer = browser.post("/accounts/2fa/authenticate/", {"code": right})
    assert "Too many failed login attempts" in answer.content.decode()
    assert AuditEntry.objects.filter(action="second_factor.failed", user=alice).count() == 5


def test_a_recovery_code_works_once(alice: User, acme: Account, secret: str) -> None:
    code, *others = recovery_codes(alice)
    browser, _ = enter_password(alice)
    assert browser.post("/accounts/2fa/authenticate/", {"code": code})["Location"] == f"/a/{acme.pk}/"
    again, _ = enter_password(alice)
    assert "Incorrect code" in again.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()
    assert again.post("/accounts/2fa/authenticate/", {"code": others[0]}).status_code == 302
    assert recovery_codes(alice) == others[1:]


def test_new_recovery_codes_replace_the_old_ones(alice: User, secret: str, clock: Clock) -> None:
    old = recovery_codes(alice)
    browser, _ = enter_password(alice)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)})
    confirmed(browser, "/accounts/2fa/recovery-codes/generate/")
    page = browser.post("/accounts/2fa/recovery-codes/generate/", follow=True)
    assert set(CODE.findall(page.content.decode())) == set(recovery_codes(alice))
    assert set(recovery_codes(alice)).isdisjoint(old)


def test_setting_it_up_and_making_new_codes_are_told_and_written_down(
    transactional_db: None, alice: User, clock: Clock
) -> None:
    """With real transactions: allauth tells of these once they are committed."""
    browser, _ = enter_password(alice)
    found = SECRET.search(confirmed(browser, "/accounts/2fa/totp/activate/").content.decode())
    assert found
    browser.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1], clock)})
    browser.post("/accounts/2fa/recovery-codes/generate/")
    subjects = [sent.subject for sent in mail.outbox]
    assert subjects == ["DaTtSs: authenticator app turned on", "DaTtSs: new recovery codes"]
    assert {tuple(sent.to) for sent in mail.outbox} == {(alice.email,)}
    entries = AuditEntry.objects.filter(action__startswith="second_factor", user=alice).order_by("pk")
    assert [(entry.action, entry.details["type"]) for entry in entries] == [
        ("second_factor.added", "totp"),
        ("second_factor.added", "recovery_codes"),
        ("second_factor.renewed", "recovery_codes"),
    ]


def test_second_factors_are_behind_the_password(alice: User, secret: str, clock: Clock) -> None:
    browser, _ = enter_password(alice)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)})
    for path in ("totp/deactivate/", "recovery-codes/", "recovery-codes/download/", "webauthn/add/"):
        answer = browser.get(f"/accounts/2fa/{path}")
        assert answer["Location"].startswith("/accounts/reauthenticate/"), path
    for path in ("totp/deactivate/", "recovery-codes/generate/", "webauthn/add/"):
        answer = browser.post(f"/accounts/2fa/{path}")
        assert answer["Location"].startswith("/accounts/reauthenticate/"), path
    assert Authenticator.objects.filter(user=alice).count() == 2


def test_turning_it_off_is_told_and_takes_the_recovery_codes_along(alice: User, secret: str, clock: Clock) -> None:
    browser, _ = enter_password(alice)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)})
    confirmed(browser, "/accounts/2fa/totp/deactivate/")
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert [(sent.to, "turned off" in sent.subject) for sent in mail.outbox] == [([alice.email], True)]
    removed = AuditEntry.objects.filter(action="second_factor.removed", user=alice)
    assert {entry.details["type"] for entry in removed} == {"totp", "recovery_codes"}
    assert enter_password(alice)[1]["Location"] != "/accounts/2fa/authenticate/"


def test_the_address_may_be_changed_with_a_second_factor_too(alice: User, secret: str, clock: Clock) -> None:
    browser, _ = enter_password(alice)
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)})
    confirmed(browser, "/accounts/2fa/recovery-codes/")
    page = browser.post("/accounts/email/", {"action_add": "", "email": "a@example.net"}, follow=True)
    assert "a@example.net is not confirmed yet" in page.content.decode()


def test_what_opens_second_factors_is_not_readable_in_the_database(alice: User, secret: str) -> None:
    stored = json.dumps([found.data for found in Authenticator.objects.all()])
    assert secret not in stored
    assert not any(code in stored for code in recovery_codes(alice))


def test_under_another_secret_key_no_code_fits_and_nothing_breaks(
    alice: User, secret: str, clock: Clock, settings: Settings
) -> None:
    codes, before = recovery_codes(alice), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    browser, _ = enter_password(alice)
    for code in (code_of(secret, clock), codes[0]):
        assert "Incorrect code" in browser.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()
    settings.SECRET_KEY_FALLBACKS = [before]
    assert browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, clock)}).status_code == 302


@pytest.mark.parametrize(
    ("url", "possible"),
    [
        ("https://stats.example.org", True),
        ("http://localhost:8000", True),
        ("http://dattss.localhost", True),
        ("http://stats.example.org", False),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]", False),
        ("https://192.0.2.1", False),
    ],
)
def test_passkeys_need_a_host_with_a_name(settings: Settings, url: str, possible: bool) -> None:
    settings.PUBLIC_URL = url
    assert passkeys_possible() == possible


def test_passkeys_are_bound_to_the_public_host_whatever_the_host_header(db: None, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://stats.example.org"
    settings.ALLOWED_HOSTS = ["*"]
    asked = {"accept": "application/json", "host": "evil.example"}
    options = Client().get("/accounts/2fa/webauthn/login/", headers=asked).json()
    assert options["request_options"]["publicKey"]["rpId"] == "stats.example.org"


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "x",
        "[]",
        "{}",
        "1",
        "null",
        '{"id": 1}',
        '{"response": 5}',
        '{"response": {"userHandle": 5}}',
        '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", '
        '"authenticatorData": "AA", "signature": "AA", "userHandle": "!"}}',
        '{"id": "AA", "rawId": "AA", "type": "public-key", "clientExtensionResults": {}, "response": '
        '{"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "MQ"}}',
    ],
)
@pytest.mark.parametrize("began", [True, False])
def test_a_passkey_that_is_none_is_refused(alice: User, credential: str, began: bool) -> None:
    browser = Client()
    if began:
        browser.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    answer = browser.post("/accounts/2fa/webauthn/login/", {"credential": credential})
    assert answer["Location"] == "/accounts/login/"
    if credential not in ("", "x", "null", "[]", "{}"):
        assert "This passkey is not known here." in browser.get("/accounts/login/").content.decode()
    assert browser.get("/profile/").status_code == 302


def test_whoever_runs_the_server_can_remove_what_was_lost(alice: User, secret: str) -> None:
    call_command("second_factor_remove", "Alice@example.org", stdout=StringIO())
    assert not Authenticator.objects.exists()
    assert enter_password(alice)[1]["Location"] != "/accounts/2fa/authenticate/"
    assert AuditEntry.objects.filter(action="second_factor.removed", user=alice, ip=None).count() == 2
    for email in ("alice@example.org", "nobody@example.org"):
        with pytest.raises(CommandError, match=email):
            call_command("second_factor_remove", email)
