"""The button that tries a channel: a real message by the real way, which says that it is a test."""

import secrets
from datetime import datetime, timedelta

from accounts.access import lock_account
from accounts.models import Account, Contact, Medium, User
from alerts.models import Channel, Endpoint, Notification, NotificationKind

HOUR = timedelta(hours=1)
MOST_AN_HOUR = 10  # of an account
_CHANNELS = {Medium.EMAIL: (Channel.EMAIL,), Medium.PHONE: (Channel.SMS, Channel.PHONE)}


class TooManyTests(Exception):
    """The account has had its tests of this hour."""


def channels_of(contact: Contact) -> tuple[Channel, ...]:
    """The channels that a contact can be told by."""
    return _CHANNELS[Medium(contact.medium)]


def try_contact(account: Account, contact: Contact, channel: Channel, by: User, now: datetime) -> Notification:
    """A test to a contact, due now, in a transaction; `alerts.outbox.send` sends it. Raises TooManyTests."""
    sentence = f"{by} tries this way. Nothing is wrong."
    return _test(
        account, now, channel=channel, contact=contact, person=contact.user, address=contact.address, sentence=sentence
    )


def try_endpoint(account: Account, endpoint: Endpoint, by: User, now: datetime) -> Notification:
    """The same to an endpoint."""
    sentence = f"{by} tries this way. Nothing is wrong."
    return _test(
        account, now, channel=Channel(endpoint.kind), endpoint=endpoint, address=endpoint.name, sentence=sentence
    )


def _test(account: Account, now: datetime, **fields: object) -> Notification:
    lock_account(account.pk)
    tests = Notification.objects.filter(account=account, kind=NotificationKind.TEST, due__gt=now - HOUR)
    if tests.count() >= MOST_AN_HOUR:
        raise TooManyTests
    key = f"test:{secrets.token_hex(16)}"
    return Notification.objects.create(account=account, kind=NotificationKind.TEST, key=key, due=now, **fields)
