"""Codes: sent once, good for three tries and 15 minutes, limited for number, person and account. The clock is ours."""

import datetime as dt
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from pytest_django import Settings

from accounts import telephony
from accounts.codes import LIFETIME, TooManyCodes, is_right, open_code, send_code, ways_to
from accounts.delivery import NotNow, Refused
from accounts.languages import VOICES
from accounts.models import Account, Confirmation, Contact, Language, Medium, User, Way
from accounts.opening import open_account
from tests.twilio_server import Twilio

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
MOBILE = "+4915123456789"
LANDLINE = "+4930901820"


def phone_of(user: User, account: Account, number: str = MOBILE) -> Contact:
    return Contact.objects.create(account=account, user=user, medium=Medium.PHONE, address=number)


@pytest.fixture
def contact(alice: User, acme: Account) -> Contact:
    return phone_of(alice, acme)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


# --- what is sent -----------------------------------------------------------------------------------------------------
def test_an_sms_says_the_code(twilio: Twilio, contact: Contact) -> None:
    send_code(contact, Way.SMS, NOW)
    (asked,) = twilio.requests
    assert (asked.resource, asked.to) == ("Messages", MOBILE)
    assert re.fullmatch("[0-9]{6}", asked.code)
    assert is_right(contact, asked.code, NOW)


def test_a_call_speaks_the_code_twice_digit_by_digit(twilio: Twilio, alice: User, acme: Account) -> None:
    contact = phone_of(alice, acme, LANDLINE)
    assert ways_to(contact) == [Way.CALL]
    send_code(contact, Way.CALL, NOW)
    (asked,) = twilio.requests
    assert (asked.resource, asked.to) == ("Calls", LANDLINE)
    assert asked.text.count(", ".join(asked.code)) == 2
    assert asked.form["Twiml"].count('<Say language="de-DE">') == 2
    assert is_right(contact, asked.code, NOW)


@pytest.mark.parametrize("language", Language)
def test_a_call_speaks_the_language_that_the_person_chose(
    twilio: Twilio, alice: User, acme: Account, language: Language
) -> None:
    alice.language = language
    send_code(phone_of(alice, acme, LANDLINE), Way.CALL, NOW)
    (asked,) = twilio.requests
    assert asked.text.count(", ".join(asked.code)) == 2
    assert asked.form["Twiml"].count(f'<Say language="{VOICES[language]}">') == 2
    assert ("code for" in asked.text) == (language == Language.ENGLISH)


def test_a_mail_says_the_code_and_nothing_that_somebody_wrote(alice: User, acme: Account) -> None:
    acme.name = "Buy at evil.example"
    acme.save()
    contact = Contact.objects.create(account=acme, user=alice, medium=Medium.EMAIL, address="ops@example.org")
    send_code(contact, Way.EMAIL, NOW)
    (sent,) = mail.outbox
    assert sent.to == ["ops@example.org"]
    assert "evil" not in f"{sent.subject} {sent.body}"
    (code,) = re.findall("[0-9]{6}", str(sent.body))
    assert code not in sent.subject
    assert is_right(contact, code, NOW)


def test_only_a_keyed_hash_is_kept(twilio: Twilio, contact: Contact, settings: Settings) -> None:
    send_code(contact, Way.SMS, NOW)
    (asked,) = twilio.requests
    row = json.dumps(Confirmation.objects.values().get(), default=str)
    assert asked.code not in row
    settings.SECRET_KEY = "another one"
    assert not is_right(contact, asked.code, NOW)


def test_codes_are_in_no_log(twilio: Twilio, contact: Contact, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send_code(contact, Way.SMS, NOW)
        is_right(contact, twilio.requests[0].code, NOW)
    assert caplog.text
    said = re.sub("AC[0-9a-f]{32}", "", caplog.text)
    assert twilio.requests[0].code not in said


# --- tries ------------------------------------------------------------------------------------------------------------
def test_three_wrong_tries_end_a_code(twilio: Twilio, contact: Contact) -> None:
    send_code(contact, Way.SMS, NOW)
    code = twilio.requests[0].code
    assert [is_right(contact, other_than(code), NOW) for _ in range(3)] == [False] * 3
    assert not is_right(contact, code, NOW)
    assert open_code(contact, NOW) is None


def test_the_third_try_may_be_right(twilio: Twilio, contact: Contact) -> None:
    send_code(contact, Way.SMS, NOW)
    code = twilio.requests[0].code
    assert [is_right(contact, each, NOW) for each in (other_than(code), other_than(code), code)] == [
        False,
        False,
        True,
    ]


def test_a_try_that_another_one_overtakes_is_not_a_fourth(twilio: Twilio, contact: Contact) -> None:
    """Between what this one reads and what it writes, another one takes the last try."""
    send_code(contact, Way.SMS, NOW)
    code = twilio.requests[0].code
    for _ in range(2):
        is_right(contact, other_than(code), NOW)
    others = iter([other_than(code)])

    def overtake(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            for wrong in others:
                assert not is_right(contact, wrong, NOW)
        return execute(sql, *rest)

    with connection.execute_wrapper(overtake):
        assert not is_right(contact, code, NOW)
    assert next(others, None) is None


def test_a_code_is_right_once(twilio: Twilio, contact: Contact) -> None:
    send_code(contact, Way.SMS, NOW)
    code = twilio.requests[0].code
    assert is_right(contact, code, NOW)
    assert not is_right(contact, code, NOW)


def test_a_code_holds_for_fifteen_minutes(twilio: Twilio, contact: Contact) -> None:
    send_code(contact, Way.SMS, NOW)
    code = twilio.requests[0].code
    assert not is_right(contact, code, NOW + LIFETIME)
    assert open_code(contact, NOW + LIFETIME) is None
    assert is_right(contact, code, NOW + LIFETIME - dt.timedelta(seconds=1))


def test_only_the_newest_code_counts(twilio: Twilio, contact: Contact) -> None:
    for minute in range(2):
        send_code(contact, Way.SMS, NOW + minute * MINUTE)
    old, new = (asked.code for asked in twilio.requests)
    assert old == new or not is_right(contact, old, NOW + MINUTE)
    assert is_right(contact, new, NOW + MINUTE)


def test_a_code_is_good_for_its_contact_alone(twilio: Twilio, contact: Contact, bob: User, acme: Account) -> None:
    same_number = phone_of(bob, acme)
    send_code(contact, Way.SMS, NOW)
    assert not is_right(same_number, twilio.requests[0].code, NOW)
    send_code(same_number, Way.SMS, NOW)
    assert is_right(contact, twilio.requests[0].code, NOW)


def test_without_a_code_nothing_is_right(contact: Contact) -> None:
    assert not is_right(contact, "000000", NOW)


# --- limits -----------------------------------------------------------------------------------------------------------
def test_a_number_gets_three_codes_an_hour_whoever_asks(
    twilio: Twilio, contact: Contact, bob: User, acme: Account, charlie: User
) -> None:
    elsewhere = charlie.accounts.get()
    asking = [contact, phone_of(bob, acme), phone_of(charlie, elsewhere)]
    for minute, each in enumerate(asking):
        send_code(each, Way.SMS, NOW + minute * MINUTE)
    for each in asking:
        with pytest.raises(TooManyCodes, match="sent there"):
            send_code(each, Way.SMS, NOW + 59 * MINUTE)
    assert len(twilio.requests) == 3
    send_code(contact, Way.SMS, NOW + 60 * MINUTE)


def test_a_refused_code_leaves_the_one_before_as_it_was(twilio: Twilio, contact: Contact) -> None:
    for _ in range(3):
        send_code(contact, Way.SMS, NOW)
    with pytest.raises(TooManyCodes):
        send_code(contact, Way.SMS, NOW)
    assert is_right(contact, twilio.requests[-1].code, NOW)


def test_a_number_gets_ten_codes_a_day(twilio: Twilio, contact: Contact) -> None:
    for number in range(10):
        send_code(contact, Way.SMS, NOW + number * HOUR)
    with pytest.raises(TooManyCodes, match="Try again in a day"):
        send_code(contact, Way.SMS, NOW + 11 * HOUR)
    send_code(contact, Way.SMS, NOW + 24 * HOUR)


def test_removing_a_contact_begins_nothing_anew(twilio: Twilio, contact: Contact, alice: User) -> None:
    for _ in range(3):
        send_code(contact, Way.SMS, NOW)
    contact.delete()
    again = phone_of(alice, open_account(alice, "Second").account)
    with pytest.raises(TooManyCodes):
        send_code(again, Way.SMS, NOW)


def test_a_person_asks_for_ten_codes_an_hour_in_all_accounts(twilio: Twilio, alice: User, acme: Account) -> None:
    second = open_account(alice, "Second").account
    for number in range(10):
        send_code(phone_of(alice, (acme, second)[number % 2], f"+4915123456{number:03}"), Way.SMS, NOW)
    with pytest.raises(TooManyCodes, match="You have asked for too many"):
        send_code(phone_of(alice, acme), Way.SMS, NOW)
    assert len(twilio.requests) == 10


def test_an_account_asks_for_twenty_codes_an_hour(twilio: Twilio, alice: User, bob: User, vera: User) -> None:
    acme = alice.accounts.get()
    for number in range(20):
        send_code(phone_of((alice, bob)[number % 2], acme, f"+4915123456{number:03}"), Way.SMS, NOW)
    with pytest.raises(TooManyCodes, match="in this account"):
        send_code(phone_of(vera, acme), Way.SMS, NOW)


def test_what_was_sent_is_forgotten_after_a_day(twilio: Twilio, contact: Contact) -> None:
    send_code(contact, Way.SMS, NOW)
    send_code(contact, Way.SMS, NOW + 25 * HOUR)
    assert Confirmation.objects.count() == 1


# --- a provider in trouble --------------------------------------------------------------------------------------------
def test_what_the_provider_was_too_busy_for_does_not_count(twilio: Twilio, contact: Contact) -> None:
    twilio.refuse(MOBILE, 429, 20429)
    for _ in range(5):
        with pytest.raises(NotNow):
            send_code(contact, Way.SMS, NOW)
    del twilio.refusals[MOBILE]
    send_code(contact, Way.SMS, NOW)
    assert is_right(contact, twilio.requests[-1].code, NOW)


def test_what_the_provider_refuses_counts_and_gives_no_code(twilio: Twilio, contact: Contact) -> None:
    twilio.refuse(MOBILE, 400, 21211)
    for _ in range(3):
        with pytest.raises(Refused):
            send_code(contact, Way.SMS, NOW)
    assert open_code(contact, NOW) is None
    assert not is_right(contact, twilio.requests[-1].code, NOW)
    with pytest.raises(TooManyCodes):
        send_code(contact, Way.SMS, NOW)


def test_a_code_that_arrives_without_an_answer_is_good(
    twilio: Twilio, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT", 0.2)
    twilio.hold(MOBILE)
    with pytest.raises(NotNow):
        send_code(contact, Way.SMS, NOW)
    assert is_right(contact, twilio.requests[-1].code, NOW)
