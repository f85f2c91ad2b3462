"""Which phone numbers are taken, and as what."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.phones import Phone, PhoneError, is_landline, read_phone, shown
from dattss_site.checks import countries_have_telephones
from dattss_site.environment import Environment

BERLIN = "+4930901820"


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("+49 30 901820", Phone(BERLIN, landline=True)),
        ("0049 30 90 18 20", Phone(BERLIN, landline=True)),
        (" +49 (0) 30 / 90-18-20 ", Phone(BERLIN, landline=True)),
        ("+49 1512 3456789", Phone("+4915123456789", landline=False)),
        ("+1 201-555-0123", Phone("+12015550123", landline=False)),  # there nobody can tell
        ("\uff0b49 1512 3456789", Phone("+4915123456789", landline=False)),
    ],
)
def test_numbers_as_people_write_them(written: str, phone: Phone) -> None:
    assert read_phone(written) == phone
    assert is_landline(phone.e164) == phone.landline


def test_numbers_are_shown_as_people_read_them() -> None:
    assert shown(BERLIN) == "+49 30 901820"
    assert shown("+12015550123") == "+1 201-555-0123"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("030 901820", "Begin with"),
        ("", "Begin with"),
        ("+" + "1" * 60, "Begin with"),
        ("+49 hello", "no phone number"),
        ("+4930", "no such number"),
        ("+1 201 555 01234", "no such number"),
        ("+999 123 456 789", "no phone number"),
        ("+49 30 901820 ext. 7", "extension"),
        ("+49 900 1234567", "special rates"),  # premium rate
        ("+49 180 5123456", "special rates"),  # shared cost
        ("+49 700 12345678", "special rates"),  # forwards for a fee
        ("+44 70 1234 5678", "special rates"),  # the same, dear
        ("+1 800 555 0199", "special rates"),
        ("+7 912 345 67 89", "DATTSS_PHONE_COUNTRIES"),
        ("+1 876 555 0123", "DATTSS_PHONE_COUNTRIES"),  # Jamaica begins with +1 as well
        ("+44 1624 756789", "DATTSS_PHONE_COUNTRIES"),  # so does the Isle of Man with +44
    ],
)
def test_what_we_do_not_send_to_is_refused_in_a_sentence(written: str, sentence: str) -> None:
    with pytest.raises(PhoneError, match=sentence):
        read_phone(written)


def test_the_list_of_countries_is_a_setting(settings: Settings) -> None:
    settings.DATTSS_PHONE_COUNTRIES = frozenset({"JM"})
    assert read_phone("+1 876 555 0123").e164 == "+18765550123"
    with pytest.raises(PhoneError, match="DATTSS_PHONE_COUNTRIES"):
        read_phone(BERLIN)


@given(st.text(max_size=60) | st.from_regex(r"\A\+?[0-9 ()/.x#;=-]{0,40}\Z"))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with suppress(PhoneError):
        phone = read_phone(text)
        assert read_phone(phone.e164) == read_phone(shown(phone.e164)) == phone


def test_countries_are_read_from_the_environment() -> None:
    environment = Environment({"A": "de, at,US", "B": "Germany", "C": "DE,,US"})
    assert environment.countries("A", "DE") == {"DE", "AT", "US"}
    assert environment.countries("B", "DE") == environment.countries("C", "DE") == {"DE"}
    assert [problem[:10] for problem in environment.problems] == ["B must be ", "C must be "]


def test_codes_of_no_country_are_named(settings: Settings) -> None:
    assert countries_have_telephones() == []
    settings.DATTSS_PHONE_COUNTRIES = frozenset({"DE", "XX", "UK"})
    (error,) = countries_have_telephones()
    assert error.msg.startswith("DATTSS_PHONE_COUNTRIES names UK, XX,")
