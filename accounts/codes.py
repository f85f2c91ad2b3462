"""Codes that confirm a contact: who reads them there can be told there.

A code has six digits, three tries and 15 minutes. Only its keyed hash is kept, so that a copy of the database says
nothing of a code that is still good. Tries and limits are counted by the database, in statements that stay right
however many requests come at once.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import mail, telephony
from accounts.delivery import NotNow, Refused
from accounts.models import Confirmation, Contact, Medium, Way
from accounts.phones import is_landline
from accounts.spoken_codes import spoken_code

DIGITS = 6
TRIES = 3
LIFETIME = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many codes there may be in a time for all that have the same `field`."""

    field: str
    most: int
    time: timedelta
    sentence: str


_TO_ADDRESS = "Too many codes were sent there."
_TO_PERSON = "You have asked for too many codes."
_TO_ACCOUNT = "Too many codes were asked for in this account."
LIMITS = (
    Limit("address", 3, HOUR, _TO_ADDRESS),
    Limit("address", 10, DAY, _TO_ADDRESS),
    Limit("user", 10, HOUR, _TO_PERSON),
    Limit("user", 20, DAY, _TO_PERSON),
    Limit("account", 20, HOUR, _TO_ACCOUNT),
    Limit("account", 60, DAY, _TO_ACCOUNT),
)


class TooManyCodes(Exception):
    """A limit is reached; `sentence` says which, and when to come again."""

    def __init__(self, limit: Limit) -> None:
        self.sentence = f"{limit.sentence} Try again in {'an hour' if limit.time == HOUR else 'a day'}."
        super().__init__(self.sentence)


def ways_to(contact: Contact) -> list[Way]:
    """How a code can reach a contact, the usual way first."""
    if contact.medium == Medium.EMAIL:
        return [Way.EMAIL]
    return [Way.CALL] if is_landline(contact.address) else [Way.SMS, Way.CALL]


def send_code(contact: Contact, way: Way, now: datetime) -> None:
    """Sends a new code to a contact, after which only this one counts. Call it outside of a transaction: the provider
    is waited for, up to `telephony.TIMEOUT` seconds.

    Raises TooManyCodes, Refused or NotNow. A code for which no answer came may arrive after all, and is then good.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    confirmation = _noted(contact, way, code, now)
    try:
        _SENDERS[way](contact, code)
    except Refused:
        Confirmation.objects.filter(pk=confirmation.pk).update(expires=now)
        raise
    except NotNow as error:
        if error.answered:  # the provider was too busy, which costs nobody anything: it does not count
            confirmation.delete()
        raise


def is_right(contact: Contact, code: str, now: datetime) -> bool:
    """Whether this is the code that was sent to the contact last. It counts as a try, and is right only once.

    No difference is made between a wrong code and one that was used, is over, or had its three tries.
    """
    newest = contact.confirmations.order_by("-pk").first()
    if newest is None:
        return False
    open_ones = Confirmation.objects.filter(pk=newest.pk, used=None, expires__gt=now)
    # The database counts the try before the code is looked at, and only where there is one left.
    counted = open_ones.filter(tries__lt=TRIES).update(tries=F("tries") + 1)
    right = constant_time_compare(newest.hash, _hash(contact, code))
    return bool(counted and right and open_ones.update(used=now))


def open_code(contact: Contact, now: datetime) -> Confirmation | None:
    """The code that can still be entered; None where a new one is needed."""
    newest = contact.confirmations.order_by("-pk").first()
    usable = newest and newest.used is None and newest.expires > now and newest.tries < TRIES
    return newest if usable else None


def _noted(contact: Contact, way: Way, code: str, now: datetime) -> Confirmation:
    """The new code's row, unless that is one too many.

    It is stored before it is counted: of two that come at the same time at least one sees both.
    """
    Confirmation.objects.filter(created__lt=now - DAY).delete()
    confirmation = Confirmation.objects.create(
        contact=contact,
        account=contact.account,
        user=contact.user,
        address=contact.address,
        way=way,
        hash=_hash(contact, code),
        created=now,
        expires=now + LIFETIME,
    )
    for limit in LIMITS:
        alike = {limit.field: getattr(confirmation, limit.field)}
        if Confirmation.objects.filter(**alike, created__gt=now - limit.time).count() > limit.most:
            confirmation.delete()
            raise TooManyCodes(limit)
    return confirmation


def _hash(contact: Contact, code: str) -> str:
    return salted_hmac("accounts.codes", f"{contact.pk} {code}", algorithm="sha256").hexdigest()


# --- what is sent -----------------------------------------------------------------------------------------------------
# Nothing in it was written by who asks for it: this server would send his texts to anybody.
def _mail(contact: Contact, code: str) -> None:
    text = (
        f"{code} is your code.\n\nEnter it at {settings.PUBLIC_URL} where you added this address, within 15 minutes. "
        "Then alerts can be sent here.\n\nIf you did not ask for it, you need not do anything."
    )
    mail.deliver(EmailMessage("DaTtSs: your code", text, to=[contact.address]))


def _sms(contact: Contact, code: str) -> None:
    telephony.send_sms(contact.address, f"DaTtSs: {code} is your code. It holds for 15 minutes.")


def _call(contact: Contact, code: str) -> None:
    telephony.call(contact.address, spoken_code(contact, code))


_SENDERS = {Way.EMAIL: _mail, Way.SMS: _sms, Way.CALL: _call}
