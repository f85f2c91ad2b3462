"""The contacts' pages: Alice owns the account, Bob is a member, Vera looks, Charlie is a stranger."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import contacts, telephony
from accounts.contacts import confirmed_contacts
from accounts.models import Account, AuditEntry, Confirmation, Contact, Medium, Membership, User
from accounts.opening import open_account
from tests.twilio_server import Twilio

BrowserOf = Callable[[User], Client]
MOBILE = "+4915123456789"
LANDLINE = "+4930901820"
WRONG = "This code is not right, or not any more"


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/contacts/"


@pytest.fixture(params=["alice", "bob", "vera"])
def person(request: pytest.FixtureRequest) -> User:
    """Everybody of the account, for whom it is all the same."""
    found: User = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def of_bob(bob: User, acme: Account) -> Contact:
    """A confirmed contact of Bob's."""
    return Contact.objects.create(account=acme, user=bob, medium=Medium.PHONE, address=MOBILE, confirmed=timezone.now())


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def add_mobile(browser: Client, page: str, number: str = MOBILE) -> Contact:
    answer = browser.post(f"{page}phone/", {"address": number})
    contact = Contact.objects.get(address=number)
    assert answer["Location"] == f"{page}{contact.pk}/confirm/"
    return contact


def last_code() -> str:
    (code,) = re.findall("[0-9]{6}", str(mail.outbox[-1].body))
    return str(code)


# --- the way of a contact ---------------------------------------------------------------------------------------------
def test_everybody_adds_and_confirms_a_phone(person: User, page: str, twilio: Twilio, browser_of: BrowserOf) -> None:
    browser = browser_of(person)
    contact = add_mobile(browser, page, MOBILE)
    confirm = f"{page}{contact.pk}/confirm/"
    shown = text_of(browser, confirm)
    assert "+49 1512 3456789" in shown
    assert "by SMS" in shown
    assert "for 3 tries" in shown
    (asked,) = twilio.requests
    code = f"{asked.code[:3]} {asked.code[3:]}"  # as people write it
    assert browser.post(confirm, {"code": code})["Location"] == page
    contact.refresh_from_db()
    assert contact.confirmed is not None
    assert (contact.user, list(confirmed_contacts(contact.account))) == (person, [contact])
    assert "Confirmed +49 1512 3456789." in text_of(browser, page)
    actions = list(
        AuditEntry.objects.filter(account=contact.account, user=person).order_by("pk").values_list("action", "target")
    )
    assert actions == [("contact.added", MOBILE), ("contact.confirmed", MOBILE)]


def test_an_address_is_confirmed_by_a_mail(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    answer = browser.post(f"{page}email/", {"address": "Ops@Example.org"})
    contact = Contact.objects.get(address="ops@example.org")
    assert contact.confirmed is None
    assert browser.post(answer["Location"], {"code": last_code()})["Location"] == page
    contact.refresh_from_db()
    assert contact.confirmed is not None


def test_an_address_that_one_logs_in_with_needs_no_code(alice: User, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    assert browser.post(f"{page}email/", {"address": alice.email.upper()})["Location"] == page
    assert Contact.objects.get().confirmed is not None
    assert mail.outbox == []


@pytest.mark.parametrize("verified_one_is_of", ["nobody", "somebody else"])
def test_any_other_log_in_address_needs_one(
    alice: User, bob: User, page: str, verified_one_is_of: str, browser_of: BrowserOf
) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    if verified_one_is_of == "somebody else":
        EmailAddress.objects.create(user=bob, email=alice.email, verified=True)
    browser_of(alice).post(f"{page}email/", {"address": alice.email})
    assert Contact.objects.get().confirmed is None
    assert len(mail.outbox) == 1


def test_a_landline_is_called(alice: User, page: str, twilio: Twilio, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page, LANDLINE)
    shown = text_of(browser, f"{page}{contact.pk}/confirm/")
    assert "We call you" in shown
    assert "by SMS" not in shown
    assert browser.post(f"{page}{contact.pk}/send/", {"way": "sms"}).status_code == 400
    assert [asked.resource for asked in twilio.requests] == ["Calls"]


def test_a_mobile_is_called_where_its_person_wants_that(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page)
    browser.post(f"{page}{contact.pk}/send/", {"way": "call"})
    sms, call = twilio.requests
    assert (sms.resource, call.resource) == ("Messages", "Calls")
    assert browser.post(f"{page}{contact.pk}/confirm/", {"code": call.code})["Location"] == page


def test_a_wrong_a_late_a_used_up_and_a_missing_code_have_the_same_answer(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page)
    confirm = f"{page}{contact.pk}/confirm/"
    code = twilio.requests[0].code
    wrong = f"{(int(code) + 1) % 10**6:06}"

    def answer(tried: str) -> str:
        answered = browser.post(confirm, {"code": tried})
        assert answered.status_code == 200
        found = re.search(r'field-error"[^>]*><p>([^<]*)', answered.content.decode())
        assert found
        return found[1]

    first = answer(wrong)
    assert first.startswith(WRONG)
    assert answer(wrong) == answer(wrong) == first
    assert answer(code) == first  # used up
    Confirmation.objects.update(tries=0, expires=timezone.now())
    assert answer(code) == first  # late
    Confirmation.objects.all().delete()
    assert answer(code) == first  # none
    contact.refresh_from_db()
    assert contact.confirmed is None


def test_a_used_code_confirms_nothing_again(alice: User, page: str, twilio: Twilio, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page)
    confirm = f"{page}{contact.pk}/confirm/"
    browser.post(confirm, {"code": twilio.requests[0].code})
    Contact.objects.update(confirmed=None)
    assert WRONG in browser.post(confirm, {"code": twilio.requests[0].code}).content.decode()


def test_a_contact_that_is_removed_meanwhile_is_not_confirmed(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page)

    def overtake(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('UPDATE "accounts_contact"'):
            contact.delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(overtake):
        answer = browser.post(f"{page}{contact.pk}/confirm/", {"code": twilio.requests[0].code})
    assert answer["Location"] == page
    assert not Contact.objects.exists()
    assert not AuditEntry.objects.filter(action="contact.confirmed").exists()


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "1" * 50])
def test_what_is_no_code_is_no_try(alice: User, page: str, code: str, twilio: Twilio, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page)
    assert "field-error" in browser.post(f"{page}{contact.pk}/confirm/", {"code": code}).content.decode()
    assert Confirmation.objects.get().tries == 0


def test_the_same_contact_again_gets_a_new_code_and_a_confirmed_one_does_not(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    for _ in range(2):
        contact = add_mobile(browser, page)
    assert len(twilio.requests) == 2
    assert AuditEntry.objects.filter(action="contact.added").count() == 1
    browser.post(f"{page}{contact.pk}/confirm/", {"code": twilio.requests[-1].code})
    assert "You have this one already." in browser.post(f"{page}phone/", {"address": MOBILE}).content.decode()
    for path in ("confirm", "send"):
        assert browser.post(f"{page}{contact.pk}/{path}/", {"way": "sms"})["Location"] == page
    assert len(twilio.requests) == 2


def test_two_people_may_have_the_same_number(
    alice: User, of_bob: Contact, page: str, twilio: Twilio, browser_of: BrowserOf
) -> None:
    browser_of(alice).post(f"{page}phone/", {"address": MOBILE})
    assert Contact.objects.filter(address=MOBILE).count() == 2


def test_a_person_has_a_bounded_number_of_contacts(
    alice: User, of_bob: Contact, page: str, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "MOST_CONTACTS", 1)
    browser = browser_of(alice)
    browser.post(f"{page}email/", {"address": "one@example.org"})
    assert "Remove one" in browser.post(f"{page}email/", {"address": "two@example.org"}).content.decode()
    assert alice.contacts.count() == 1


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", ""),
        ("email", "nobody"),
        ("email", "a@example.org\r\nBcc: b@example.org"),
        ("email", "a" * 250 + "@example.org"),
        ("phone", ""),
        ("phone", "030 901820"),
        ("phone", "+49 900 1234567"),
        ("phone", "+7 912 345 67 89"),
        ("phone", "<script>alert(1)</script>"),
    ],
)
def test_a_bad_form_adds_nothing(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf, *, kind: str, address: str
) -> None:
    answer = browser_of(alice).post(f"{page}{kind}/", {"address": address})
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert (Contact.objects.count(), twilio.requests, mail.outbox) == (0, [], [])


# --- a provider in trouble, or none -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (400, 21211, "Twilio says that this is not a valid phone number."),
        (429, 20429, "Try again in a minute."),
        (500, None, "Try again in a minute."),
    ],
)
def test_the_page_says_what_the_provider_made_of_it(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf, *, status: int, code: int | None, sentence: str
) -> None:
    twilio.refuse(MOBILE, status, code)
    browser = browser_of(alice)
    shown = browser.post(f"{page}phone/", {"address": MOBILE}, follow=True).content.decode()
    assert sentence in shown
    assert "No code is under way" in shown


def test_a_provider_that_does_not_answer_is_not_waited_for(
    alice: User, page: str, twilio: Twilio, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT", 0.2)
    twilio.hold(MOBILE)
    browser = browser_of(alice)
    assert "Try again in a minute" in browser.post(f"{page}phone/", {"address": MOBILE}, follow=True).content.decode()


def test_a_limit_is_said_in_a_sentence(alice: User, page: str, twilio: Twilio, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    contact = add_mobile(browser, page)
    for _ in range(3):
        shown = browser.post(f"{page}{contact.pk}/send/", {"way": "sms"}, follow=True).content.decode()
    assert "Too many codes were sent there. Try again in an hour." in shown
    assert len(twilio.requests) == 3


def test_without_a_provider_the_page_says_what_is_missing(
    alice: User, page: str, settings: Settings, browser_of: BrowserOf
) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32
    browser = browser_of(alice)
    answers = (browser.get(page), browser.get(f"{page}phone/"), browser.post(f"{page}phone/", {"address": MOBILE}))
    for answer in answers:
        shown = answer.content.decode()
        assert "<code>TWILIO_AUTH_TOKEN</code> and <code>TWILIO_FROM</code>." in shown
        assert "TWILIO_ACCOUNT_SID" not in shown
    assert Contact.objects.count() == 0


# --- who may ----------------------------------------------------------------------------------------------------------
def test_who_changes_things_sees_all_contacts_and_who_looks_sees_his_own(
    alice: User, of_bob: Contact, vera: User, page: str, browser_of: BrowserOf
) -> None:
    remove = f"{page}{of_bob.pk}/remove/"
    for person in (alice, of_bob.user):
        shown = text_of(browser_of(person), page)
        assert of_bob.shown in shown
        assert remove in shown
    other = User.objects.create_user("max@example.org")
    Membership.objects.create(user=other, account=of_bob.account, role="member")
    assert of_bob.shown in text_of(browser_of(other), page)
    assert remove not in text_of(browser_of(other), page)
    assert of_bob.shown not in text_of(browser_of(vera), page)


def test_everybody_removes_his_own_and_an_owner_anybodys(
    alice: User, of_bob: Contact, page: str, browser_of: BrowserOf
) -> None:
    for person in (of_bob.user, alice):
        contact = Contact.objects.create(account=of_bob.account, user=of_bob.user, medium="email", address="b@x.org")
        browser = browser_of(person)
        assert "Remove b@x.org" in text_of(browser, f"{page}{contact.pk}/remove/")
        assert browser.post(f"{page}{contact.pk}/remove/")["Location"] == page
        assert not Contact.objects.filter(pk=contact.pk).exists()
    entry = AuditEntry.objects.filter(action="contact.removed").latest("pk")
    assert (entry.user, entry.target, entry.details) == (alice, "b@x.org", {"of": of_bob.user.email})


def test_nobody_else_touches_a_contact_of_somebody(
    alice: User, of_bob: Contact, vera: User, page: str, *, twilio: Twilio, browser_of: BrowserOf
) -> None:
    Contact.objects.update(confirmed=None)
    for path in ("confirm", "send"):
        for person in (alice, vera):  # not even the owner: it would be he who says that Bob reads it
            answer = browser_of(person).post(f"{page}{of_bob.pk}/{path}/", {"way": "sms", "code": "123456"})
            assert answer.status_code == 403
    assert browser_of(vera).get(f"{page}{of_bob.pk}/remove/").status_code == 403
    assert browser_of(vera).post(f"{page}{of_bob.pk}/remove/").status_code == 403
    assert Contact.objects.filter(pk=of_bob.pk).exists()
    assert twilio.requests == []


def test_a_stranger_finds_nothing(
    charlie: User, of_bob: Contact, page: str, twilio: Twilio, browser_of: BrowserOf
) -> None:
    browser = browser_of(charlie)
    of_contact = [f"{of_bob.pk}/{name}/" for name in ("confirm", "remove")]
    for path in ("", "email/", "phone/", *of_contact):
        assert browser.get(page + path).status_code == 404
    for path in ("email/", "phone/", f"{of_bob.pk}/send/", *of_contact):
        fields = {"address": "c@example.org", "way": "sms", "code": "123456"}
        assert browser.post(page + path, fields).status_code == 404
    assert Contact.objects.count() == 1


def test_a_contact_is_not_reached_through_another_account(
    charlie: User, of_bob: Contact, browser_of: BrowserOf
) -> None:
    own = charlie.accounts.get().pk
    for path in ("confirm", "send", "remove"):
        answer = browser_of(charlie).post(f"/a/{own}/contacts/{of_bob.pk}/{path}/", {"way": "sms"})
        assert answer.status_code == 404
    assert Contact.objects.filter(pk=of_bob.pk).exists()


def test_who_left_is_not_told_any_more(alice: User, of_bob: Contact, page: str, browser_of: BrowserOf) -> None:
    of_bob.user.memberships.all().delete()
    assert list(confirmed_contacts(of_bob.account)) == []
    assert of_bob.shown not in text_of(browser_of(alice), page)


def test_who_is_not_logged_in_is_asked_to(page: str, of_bob: Contact) -> None:
    for path in ("", "email/", "phone/", f"{of_bob.pk}/confirm/", f"{of_bob.pk}/remove/"):
        assert Client().get(page + path)["Location"] == f"/accounts/login/?next={page}{path}"
    assert Client().post(f"{page}{of_bob.pk}/send/").status_code == 302


def test_other_methods_are_refused(alice: User, of_bob: Contact, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    for path in ("", "email/", "phone/", f"{of_bob.pk}/confirm/", f"{of_bob.pk}/send/", f"{of_bob.pk}/remove/"):
        assert browser.put(page + path).status_code == browser.delete(page + path).status_code == 405
    assert browser.post(page).status_code == browser.get(f"{page}{of_bob.pk}/send/").status_code == 405


def test_changes_need_a_csrf_token(bob: User, of_bob: Contact, page: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob)
    for path in ("email/", f"{of_bob.pk}/confirm/", f"{of_bob.pk}/send/", f"{of_bob.pk}/remove/"):
        assert browser.post(page + path, {"address": "a@example.org"}).status_code == 403


def test_pages_take_few_queries_however_many_people_and_contacts(
    alice: User, acme: Account, page: str, browser_of: BrowserOf, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        user = User.objects.create_user(f"u{number}@example.org")
        Membership.objects.create(user=user, account=acme, role="member")
        Contact.objects.create(account=acme, user=user, medium="email", address=user.email)
        open_account(alice, f"Account {number}")
    contact = Contact.objects.create(account=acme, user=alice, medium="email", address="a@example.org")
    browser = browser_of(alice)
    browser.get(page)
    for path in ("", "email/", f"{contact.pk}/confirm/", f"{contact.pk}/remove/"):
        with django_assert_max_num_queries(8):
            assert browser.get(page + path).status_code == 200
