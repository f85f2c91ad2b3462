"""Invitations: what a link opens, for whom, for how long, and what is said to all others."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from accounts.invitations import MOST_A_DAY, MOST_A_DAY_TO_ONE, MOST_OPEN
from accounts.models import Account, AuditEntry, Invitation, Membership, Role, User
from accounts.opening import open_account
from tests.accounts.conftest import PASSWORD

BrowserOf = Callable[[User], Client]
Outbox = list[EmailMessage]
LINK = re.compile(r"http://127\.0\.0\.1:8000(/invitations/[A-Za-z0-9_-]{43}/)")


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/people/"


@pytest.fixture
def dora(db: None) -> User:
    """Somebody with a confirmed address and no account."""
    return confirmed(User.objects.create_user("dora@example.org", PASSWORD))


def confirmed(user: User) -> User:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def invite(alice: User, page: str, browser_of: BrowserOf, mailoutbox: Outbox) -> Callable[..., str]:
    """Alice invites; returns the path of the link in the mail."""
    browser = browser_of(alice)

    def do(email: str = "dora@example.org", role: str = "viewer") -> str:
        before = len(mailoutbox)
        answer = browser.post(page, {"email": email, "role": role})
        assert answer.status_code == 302, answer.content.decode()
        (mail,) = mailoutbox[before:]
        assert mail.to == [email.lower()]
        found = LINK.search(str(mail.body))
        assert found
        return found[1]

    return do


def role_of(user: User, account: Account) -> str | None:
    return Membership.objects.filter(user=user, account=account).values_list("role", flat=True).first()


# --- the way in -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["member", "viewer"])
def test_who_is_invited_joins_with_the_role_that_was_meant(
    invite: Callable[..., str], dora: User, alice: User, acme: Account, role: str, browser_of: BrowserOf
) -> None:
    link, browser = invite("Dora@Example.org", role), browser_of(dora)
    shown = browser.get(link).content.decode()
    assert "Join Acme" in shown
    assert str(alice) in shown
    assert role_of(dora, acme) is None
    assert browser.post(link)["Location"] == f"/a/{acme.pk}/"
    assert role_of(dora, acme) == role
    assert browser.get(f"/a/{acme.pk}/").status_code == 200
    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor", "target")
    assert list(entries) == [
        ("person.invited", alice.email, dora.email),
        ("person.joined", dora.email, dora.email),
    ]


def test_only_the_hash_of_the_secret_is_kept(invite: Callable[..., str]) -> None:
    secret = invite().split("/")[2]
    row = Invitation.objects.values().get()
    assert secret not in str(row)
    assert len(row["hash"]) == 64
    assert secret not in str(list(AuditEntry.objects.values()))


def test_who_is_not_logged_in_is_told_to_sign_up_or_log_in_and_is_led_back(invite: Callable[..., str]) -> None:
    link = invite()
    text = Client().get(link).content.decode()
    quoted = link.replace("/", "%2F")
    assert f'href="/accounts/signup/?email=dora%40example.org&amp;next={quoted}"' in text
    assert f'href="/accounts/login/?next={quoted}"' in text
    assert 'method="post"' not in text
    assert Client().post(link).status_code == 403


def test_logging_in_leads_back_to_the_invitation(invite: Callable[..., str], dora: User) -> None:
    link = invite()
    answer = Client().post("/accounts/login/", {"login": dora.email, "password": PASSWORD, "next": link})
    assert answer["Location"] == link


def test_another_confirmed_address_of_the_same_person_counts(
    invite: Callable[..., str], dora: User, acme: Account, browser_of: BrowserOf
) -> None:
    EmailAddress.objects.create(user=dora, email="dora@work.example", verified=True)
    browser_of(dora).post(invite("dora@work.example"))
    assert role_of(dora, acme) == "viewer"


# --- who may not ------------------------------------------------------------------------------------------------------
def test_the_link_lets_in_nobody_else(
    invite: Callable[..., str], charlie: User, dora: User, acme: Account, browser_of: BrowserOf
) -> None:
    link, browser = invite(), browser_of(charlie)
    text = browser.get(link).content.decode()
    assert "You are logged in as charlie@example.org" in text
    assert "/accounts/logout/" in text
    assert "Join Acme</button>" not in text
    assert browser.post(link).status_code == 403
    assert role_of(charlie, acme) is None
    browser_of(dora).post(link)  # it was not used up
    assert role_of(dora, acme) == "viewer"


def test_an_address_that_is_only_claimed_does_not_count(
    invite: Callable[..., str], charlie: User, acme: Account, browser_of: BrowserOf
) -> None:
    EmailAddress.objects.create(user=charlie, email="dora@example.org", verified=False)
    link = invite()
    assert "not confirmed" in browser_of(charlie).get(link).content.decode()
    assert browser_of(charlie).post(link).status_code == 403
    assert role_of(charlie, acme) is None


def test_a_user_without_a_confirmed_address_does_not_count(
    invite: Callable[..., str], acme: Account, browser_of: BrowserOf
) -> None:
    eve = User.objects.create_user("dora@example.org", PASSWORD)
    assert browser_of(eve).post(invite()).status_code == 403
    assert role_of(eve, acme) is None


def test_after_logging_out_one_is_back_at_the_invitation(
    invite: Callable[..., str], charlie: User, browser_of: BrowserOf
) -> None:
    link = invite()
    assert browser_of(charlie).post("/accounts/logout/", {"next": link})["Location"] == link


# --- links that open nothing ------------------------------------------------------------------------------------------
def refused(link: str, user: User, account: Account, browser_of: BrowserOf) -> str:
    """What is said; nothing of the account is in it."""
    browser, stranger = browser_of(user), Client()
    pages = [browser.get(link), browser.post(link), stranger.get(link), stranger.post(link)]
    assert len({page.status_code for page in pages}) == 1
    for page in pages:
        assert account.name not in page.content.decode().replace("is closed", "")
        assert "alice@" not in page.content.decode()
    assert role_of(user, account) is None
    return f"{pages[0].status_code} {pages[0].content.decode()}"


def test_an_expired_link(invite: Callable[..., str], dora: User, acme: Account, browser_of: BrowserOf) -> None:
    link = invite()
    almost = timezone.now() + timedelta(days=7)
    assert abs(Invitation.objects.get().expires - almost) < timedelta(minutes=1)
    Invitation.objects.update(expires=timezone.now())
    said = refused(link, dora, acme, browser_of)
    assert said.startswith("410")
    assert "has expired" in said


def test_a_withdrawn_link(
    invite: Callable[..., str], alice: User, dora: User, acme: Account, browser_of: BrowserOf
) -> None:
    link = invite()
    withdraw = f"/a/{acme.pk}/invitations/{Invitation.objects.get().pk}/withdraw/"
    browser_of(alice).post(withdraw)
    assert "was withdrawn" in refused(link, dora, acme, browser_of)
    browser_of(alice).post(withdraw)  # once more: nothing happens
    assert AuditEntry.objects.filter(action="invitation.withdrawn").count() == 1


def test_a_used_link_lets_nobody_in_again(
    invite: Callable[..., str], alice: User, dora: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    link = invite()
    browser_of(dora).post(link)
    assert "You belong to Acme already" in browser_of(dora).get(link).content.decode()
    place = acme.memberships.get(user=dora).pk
    browser_of(alice).post(f"{page}{place}/remove/")
    assert "was used" in refused(link, dora, acme, browser_of)


@pytest.mark.parametrize("secret", ["x", "a" * 43, "a" * 42, "a" * 44, "é" * 43, "%00" * 43])
def test_a_forged_link(
    invite: Callable[..., str], dora: User, acme: Account, secret: str, browser_of: BrowserOf
) -> None:
    invite()
    said = refused(f"/invitations/{secret}/", dora, acme, browser_of)
    assert said.startswith("404")
    assert "No such invitation" in said


def test_a_link_into_a_closed_account(
    invite: Callable[..., str], dora: User, acme: Account, browser_of: BrowserOf
) -> None:
    link = invite()
    Account.objects.update(closed=timezone.now())
    assert "account is closed" in refused(link, dora, acme, browser_of)


# --- sending ----------------------------------------------------------------------------------------------------------
def test_the_answer_does_not_tell_whether_there_is_a_user(
    alice: User, page: str, charlie: User, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    browser, said = browser_of(alice), []
    for email in (charlie.email, "nobody@example.org"):
        shown = browser.post(page, {"email": email, "role": "viewer"}, follow=True).content.decode()
        said.append(re.findall(r'<li class="success">(.*?)</li>', shown)[0].replace(email, "EMAIL"))
        said.append(str(mailoutbox[-1].body).replace(email, "EMAIL").partition("/invitations/")[0])
    assert said[:2] == said[2:]


def test_who_belongs_already_is_not_invited(
    alice: User, bob: User, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    shown = browser_of(alice).post(page, {"email": "BOB@example.org", "role": "viewer"}).content.decode()
    assert "bob@example.org belongs to this account already." in shown
    assert not mailoutbox
    assert not Invitation.objects.exists()


def test_who_has_joined_by_another_way_keeps_his_role(
    invite: Callable[..., str], dora: User, acme: Account, browser_of: BrowserOf
) -> None:
    link = invite(role="viewer")
    Membership.objects.create(user=dora, account=acme, role=Role.MEMBER)
    browser_of(dora).post(link)
    assert role_of(dora, acme) == "member"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "nobody", "role": "viewer"},
        {"email": "d@example.org"},
        {"email": "d@example.org", "role": "owner"},
        {"email": "d@example.org\nBcc: x@example.org", "role": "viewer"},
        {"email": "a" * 250 + "@example.org", "role": "viewer"},
    ],
)
def test_a_bad_form_invites_nobody(
    alice: User, page: str, fields: dict[str, str], browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    response = browser_of(alice).post(page, fields)
    assert (response.status_code, "field-error" in response.content.decode()) == (200, True)
    assert not Invitation.objects.exists()
    assert not mailoutbox


def test_sending_again_replaces_the_link(
    invite: Callable[..., str], alice: User, dora: User, acme: Account, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    old = invite()
    Invitation.objects.update(expires=timezone.now())
    browser_of(alice).post(f"/a/{acme.pk}/invitations/{Invitation.objects.get().pk}/resend/")
    found = LINK.search(str(mailoutbox[-1].body))
    assert found
    assert "was withdrawn" in refused(old, dora, acme, browser_of)
    assert browser_of(dora).post(found[1]).status_code == 302
    assert role_of(dora, acme) == "viewer"


def test_inviting_the_same_address_again_replaces_the_link(
    invite: Callable[..., str], dora: User, acme: Account, browser_of: BrowserOf
) -> None:
    old, new = invite(role="viewer"), invite(role="member")
    assert "was withdrawn" in refused(old, dora, acme, browser_of)
    browser_of(dora).post(new)
    assert role_of(dora, acme) == "member"


def test_only_an_owner_sends_again_and_withdraws(
    invite: Callable[..., str], bob: User, vera: User, charlie: User, acme: Account, browser_of: BrowserOf
) -> None:
    invite()
    here = f"/a/{acme.pk}/invitations/{Invitation.objects.get().pk}/"
    for deed in ("resend/", "withdraw/"):
        statuses = [browser_of(user).post(here + deed).status_code for user in (bob, vera, charlie)]
        assert statuses == [403, 403, 404]
        assert browser_of(bob).get(here + deed).status_code == 405
        assert Client().post(here + deed)["Location"] == f"/accounts/login/?next={here}{deed}"
    own = charlie.accounts.get().pk
    assert browser_of(charlie).post(f"/a/{own}/invitations/{Invitation.objects.get().pk}/withdraw/").status_code == 404
    assert Invitation.objects.get().withdrawn is None


def test_open_invitations_are_bounded(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    _made(acme, MOST_OPEN, long_ago=True)
    assert "Withdraw one" in browser_of(alice).post(page, {"email": "d@example.org", "role": "viewer"}).content.decode()
    assert not mailoutbox


def test_mails_of_an_account_and_of_a_person_are_bounded(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, mailoutbox: Outbox
) -> None:
    """Also where a person opens one account after the other."""
    second = open_account(alice, "Second").account
    _made(acme, MOST_A_DAY, withdrawn=timezone.now(), invited_by=alice)
    for account in (acme, second):
        answer = browser_of(alice).post(f"/a/{account.pk}/people/", {"email": "d@example.org", "role": "viewer"})
        assert f"{MOST_A_DAY} invitations were sent" in answer.content.decode()
    assert not mailoutbox


def test_nobody_is_flooded(invite: Callable[..., str], alice: User, page: str, browser_of: BrowserOf) -> None:
    for _ in range(MOST_A_DAY_TO_ONE):
        invite()
    answer = browser_of(alice).post(page, {"email": "dora@example.org", "role": "viewer"})
    assert "Wait before you send another mail" in answer.content.decode()
    assert Invitation.objects.filter(withdrawn=None).count() == 1  # the last link works on


def _made(account: Account, number: int, *, long_ago: bool = False, **fields: object) -> None:
    rows = [
        Invitation(account=account, email=f"{one}@example.org", role=Role.VIEWER, hash=f"{one:064}", **fields)
        for one in range(number)
    ]
    for row in rows:
        row.expires = timezone.now()
    Invitation.objects.bulk_create(rows)
    if long_ago:
        Invitation.objects.update(created=timezone.now() - timedelta(days=2))


def test_a_mail_that_cannot_be_sent_is_told_and_can_be_sent_again(
    alice: User, page: str, browser_of: BrowserOf, settings: object, tmp_path: object
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # type: ignore[attr-defined]  # nobody listens there
    shown = browser_of(alice).post(page, {"email": "d@example.org", "role": "viewer"}, follow=True).content.decode()
    assert "could not be sent" in shown
    assert "Send again" in shown
