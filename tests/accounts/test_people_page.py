"""The people page: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, AuditEntry, Contact, Invitation, Membership, Role, User
from accounts.opening import open_account
from accounts.transfers import offered_to
from tests.accounts.pages import read_page

BrowserOf = Callable[[User], Client]


def role_of(user: User, account: Account) -> str | None:
    return Membership.objects.filter(user=user, account=account).values_list("role", flat=True).first()


def place(user: User) -> int:
    """The number of somebody's place in Acme."""
    return user.memberships.get(account__name="Acme").pk


def actions(account: Account) -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.filter(account=account).order_by("pk").values_list("action", "actor", "target"))


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/people/"


@pytest.fixture
def pages_of_bob(page: str, acme: Account, bob: User) -> list[str]:
    """All that an owner can do about Bob."""
    return [f"{page}{place(bob)}/role/", f"{page}{place(bob)}/remove/"]


def test_everybody_of_the_account_sees_who_belongs_to_it(
    alice: User, bob: User, vera: User, charlie: User, page: str, browser_of: BrowserOf
) -> None:
    for user in (alice, bob, vera):
        response = browser_of(user).get(page)
        text = response.content.decode()
        assert response.status_code == 200
        assert all(str(one) in text for one in (alice, bob, vera))
        assert str(charlie) not in text
        assert ("/remove/" in text, "/role/" in text, "Invite somebody" in text) == (user == alice,) * 3


def test_who_is_no_owner_changes_nothing(
    bob: User, vera: User, acme: Account, page: str, pages_of_bob: list[str], browser_of: BrowserOf
) -> None:
    for user in (bob, vera):
        browser = browser_of(user)
        assert browser.post(page, {"email": "dora@example.org", "role": "viewer"}).status_code == 403
        assert browser.post(f"{page}{place(vera)}/role/", {"role": "owner"}).status_code == 403
        assert browser.post(f"{page}{place(bob)}/role/", {"role": "owner"}).status_code == 403
    assert browser_of(vera).get(pages_of_bob[1]).status_code == 403
    assert browser_of(vera).post(pages_of_bob[1]).status_code == 403
    assert (role_of(bob, acme), role_of(vera, acme)) == ("member", "viewer")
    assert not Invitation.objects.exists()


def test_a_stranger_finds_nothing(
    charlie: User, bob: User, acme: Account, page: str, pages_of_bob: list[str], browser_of: BrowserOf
) -> None:
    browser = browser_of(charlie)
    for path in (page, f"/a/{acme.pk}/leave/", pages_of_bob[1]):
        assert browser.get(path).status_code == 404
    for path in (page, f"/a/{acme.pk}/leave/", *pages_of_bob):
        assert browser.post(path, {"role": "owner", "email": "d@example.org"}).status_code == 404
    assert role_of(bob, acme) == "member"


def test_people_of_another_account_are_not_reached_through_ones_own(
    charlie: User, bob: User, acme: Account, browser_of: BrowserOf
) -> None:
    own = f"/a/{charlie.accounts.get().pk}/people/{place(bob)}"
    assert browser_of(charlie).post(f"{own}/role/", {"role": "owner"}).status_code == 404
    assert browser_of(charlie).post(f"{own}/remove/").status_code == 404
    assert role_of(bob, acme) == "member"


def test_who_is_not_logged_in_is_asked_to(page: str, acme: Account, pages_of_bob: list[str]) -> None:
    for path in (page, f"/a/{acme.pk}/leave/", *pages_of_bob):
        assert Client().post(path)["Location"] == f"/accounts/login/?next={path}"


def test_other_methods_are_refused(
    alice: User, page: str, acme: Account, pages_of_bob: list[str], browser_of: BrowserOf
) -> None:
    for path in (page, f"/a/{acme.pk}/leave/", *pages_of_bob):
        assert browser_of(alice).put(path).status_code == 405
    assert browser_of(alice).get(pages_of_bob[0]).status_code == 405


def test_changes_need_a_csrf_token(alice: User, page: str, acme: Account, pages_of_bob: list[str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    for path in (page, f"/a/{acme.pk}/leave/", *pages_of_bob):
        assert browser.post(path, {"role": "viewer"}).status_code == 403
    assert acme.memberships.count() == 2


# --- roles ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_an_owner_changes_a_role_and_it_counts_at_once(
    alice: User, bob: User, acme: Account, page: str, role: str, browser_of: BrowserOf
) -> None:
    bobs = browser_of(bob)
    assert bobs.post(f"/a/{acme.pk}/keys/", {"label": "a", "scope": "read"}).status_code == 302
    answer = browser_of(alice).post(f"{page}{place(bob)}/role/", {"role": role})
    assert (answer["Location"], role_of(bob, acme)) == (page, role)
    allowed = {"owner": (302, 302), "viewer": (403, 403)}[role]
    asked = [("keys/", {"label": "b", "scope": "read"}), ("settings/", {"name": "A", "retention_days": "30"})]
    assert tuple(bobs.post(f"/a/{acme.pk}/{path}", form).status_code for path, form in asked) == allowed
    entry = AuditEntry.objects.get(action="person.role")
    assert (entry.user, entry.target, entry.details) == (alice, bob.email, {"before": "member", "after": role})


def test_the_last_owner_keeps_his_role(alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post(f"{page}{place(alice)}/role/", {"role": "viewer"})
    assert role_of(alice, acme) == "owner"
    assert "keeps an owner" in browser.get(page).content.decode()
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    browser.post(f"{page}{place(alice)}/role/", {"role": "viewer"})
    assert role_of(alice, acme) == "viewer"


@pytest.mark.parametrize("role", ["", "admin", "OWNER"])
def test_there_are_no_other_roles(
    alice: User, bob: User, acme: Account, page: str, role: str, browser_of: BrowserOf
) -> None:
    browser_of(alice).post(f"{page}{place(bob)}/role/", {"role": role})
    assert role_of(bob, acme) == "member"
    assert not AuditEntry.objects.exists()


# --- removal ----------------------------------------------------------------------------------------------------------
def test_an_owner_removes_somebody_after_a_question_and_it_counts_at_once(
    alice: User, bob: User, acme: Account, page: str, pages_of_bob: list[str], browser_of: BrowserOf
) -> None:
    Contact.objects.create(account=acme, user=bob, medium="email", address=bob.email)
    bobs, browser = browser_of(bob), browser_of(alice)
    assert bobs.get(f"/a/{acme.pk}/").status_code == 200
    assert str(bob) in browser.get(pages_of_bob[1]).content.decode()
    assert role_of(bob, acme) == "member"
    assert browser.post(pages_of_bob[1])["Location"] == page
    assert bobs.get(f"/a/{acme.pk}/").status_code == 404
    assert not acme.contacts.exists()  # alerts of this account go to him no more
    assert actions(acme) == [("person.removed", alice.email, bob.email)]
    assert browser.post(pages_of_bob[1]).status_code == 404  # once more


def test_who_was_removed_lands_where_he_can_go_on(
    alice: User, bob: User, acme: Account, pages_of_bob: list[str], browser_of: BrowserOf
) -> None:
    bobs = browser_of(bob)
    bobs.get(f"/a/{acme.pk}/")
    browser_of(alice).post(pages_of_bob[1])
    page = bobs.get("/", follow=True)
    assert page.redirect_chain == [("/your-accounts/", 302)]
    assert "You belong to no account" in page.content.decode()


def test_what_a_removed_owner_had_invited_ends_with_him(
    alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    browser_of(bob).post(page, {"email": "bobs-other-self@example.org", "role": "member"})
    browser_of(alice).post(page, {"email": "dora@example.org", "role": "member"})
    browser_of(alice).post(f"{page}{place(bob)}/remove/")
    assert [one.email for one in Invitation.objects.filter(withdrawn=None)] == ["dora@example.org"]


def test_what_somebody_had_invited_as_an_owner_ends_when_he_is_removed_later(
    alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    browser_of(bob).post(page, {"email": "bobs-other-self@example.org", "role": "member"})
    browser_of(bob).post(f"{page}{place(bob)}/role/", {"role": "member"})
    assert Invitation.objects.filter(withdrawn=None).count() == 1  # he stepped down by himself
    browser_of(alice).post(f"{page}{place(bob)}/remove/")
    assert not Invitation.objects.filter(withdrawn=None).exists()


def test_an_offer_ends_with_who_gave_it_and_with_who_was_to_take_it(
    alice: User, bob: User, vera: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    offer = f"/a/{acme.pk}/transfer/offer/"
    browser_of(alice).post(offer, {"taker": place(vera)})
    assert offered_to(vera) is not None
    browser_of(alice).post(f"{page}{place(vera)}/remove/")
    assert offered_to(vera) is None
    browser_of(alice).post(offer, {"taker": place(bob)})
    Membership.objects.create(user=vera, account=acme, role=Role.OWNER)
    assert offered_to(bob) is not None
    browser_of(vera).post(f"{page}{place(alice)}/role/", {"role": "member"})
    assert offered_to(bob) is None


# --- leaving ----------------------------------------------------------------------------------------------------------
def test_a_member_and_a_viewer_may_leave(bob: User, vera: User, acme: Account, browser_of: BrowserOf) -> None:
    for user in (bob, vera):
        browser = browser_of(user)
        assert "Leave Acme?" in browser.get(f"/a/{acme.pk}/leave/").content.decode()
        assert browser.post(f"/a/{acme.pk}/leave/")["Location"] == "/"
        assert role_of(user, acme) is None
        assert browser.get(f"/a/{acme.pk}/").status_code == 404
    assert [entry[0] for entry in actions(acme)] == ["person.left"] * 2


def test_the_last_owner_may_not_leave(alice: User, bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.post(f"/a/{acme.pk}/leave/")["Location"] == page
    assert role_of(alice, acme) == "owner"
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    browser.post(f"/a/{acme.pk}/leave/")
    assert role_of(alice, acme) is None


def test_to_remove_oneself_is_to_leave(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    assert browser_of(alice).post(f"{page}{place(alice)}/remove/")["Location"] == f"/a/{acme.pk}/leave/"
    assert role_of(alice, acme) == "owner"


# --- the page itself --------------------------------------------------------------------------------------------------
def test_numbers_beyond_the_database_are_not_found(
    alice: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    for path in (f"{page}{10**30}/role/", f"{page}{10**30}/remove/", f"/a/{10**30}/leave/"):
        assert browser.post(path, {"role": "owner"}).status_code == 404
    for deed in ("resend", "withdraw"):
        assert browser.post(f"/a/{acme.pk}/invitations/{10**30}/{deed}/").status_code == 404


def test_names_and_addresses_are_escaped(alice: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    Account.objects.filter(pk=acme.pk).update(name="<script>alert(1)</script>")
    Invitation.objects.create(
        account=acme, email="<b>@example.org", role=Role.VIEWER, hash="0" * 64, expires=timezone.now()
    )
    text = browser_of(alice).get(page).content.decode()
    assert "<script>alert" not in text
    assert "<b>@example.org" not in text


def test_it_is_of_one_piece_and_labelled(alice: User, bob: User, page: str, browser_of: BrowserOf) -> None:
    response = browser_of(alice).get(page)
    shown = read_page(response.content)
    assert response.content.decode().count("<h1>") == 1
    assert all(found["id"] in shown.labelled or "aria-label" in found for found in shown.visible_inputs())


def test_it_takes_few_queries_however_many_people(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        user = User.objects.create(email=f"p{number}@example.org")
        Membership.objects.create(user=user, account=acme, role=Role.MEMBER)
        Invitation.objects.create(
            account=acme, email=f"i{number}@example.org", role=Role.VIEWER, hash=f"{number:064}",
            expires=timezone.now(), invited_by=user,
        )  # fmt: skip
        open_account(alice, f"a{number}")
    browser = browser_of(alice)
    browser.get(page)
    with django_assert_max_num_queries(8):
        assert browser.get(page).status_code == 200
