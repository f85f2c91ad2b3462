"""Phone numbers as people write them, and which of them we send to."""

from dataclasses import dataclass

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

_LANDLINE = PhoneNumberType.FIXED_LINE
# A person's own number. Not: premium rate, shared cost, pagers, voice mail, and what forwards for a fee.
_PERSONAL = (_LANDLINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP)
_LONGEST = 40


class PhoneError(ValueError):
    """No number that we send to; the message is a sentence for who wrote it."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in the form of E.164, and whether it is certain that it takes no SMS."""

    e164: str
    landline: bool


def read_phone(text: str) -> Phone:
    """The number that somebody wrote, with the code of its country in front. Raises PhoneError."""
    number = _parsed(text)
    if number.extension:
        raise PhoneError("A number behind a switchboard cannot be called. Leave the extension out, or take another.")
    kind = phonenumbers.number_type(number)
    if not phonenumbers.is_valid_number(number):
        raise PhoneError("There is no such number. Look at its digits again.")
    if kind not in _PERSONAL:
        raise PhoneError("Numbers of services, such as those with special rates, cannot be used. Take your own.")
    region = phonenumbers.region_code_for_number(number)
    if region not in settings.DATTSS_PHONE_COUNTRIES:
        raise PhoneError("This server does not send to numbers of this country (DATTSS_PHONE_COUNTRIES).")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind == _LANDLINE)


def is_landline(e164: str) -> bool:
    """Whether a number that was read once is certain to take no SMS."""
    return phonenumbers.number_type(phonenumbers.parse(e164)) == _LANDLINE


def shown(e164: str) -> str:
    """The number as people read it: `+49 30 901820`."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def _parsed(text: str) -> PhoneNumber:
    given = text.strip()
    given = "+" + given.removeprefix("00") if given.startswith("00") else given
    try:
        if not given.startswith(("+", "\uff0b")) or len(given) > _LONGEST:
            raise PhoneError("Begin with + and the code of the country, as in +49 30 901820.")
        return phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        raise PhoneError("This is no phone number. Write it as in +49 30 901820.") from None
