"""How many SMS and calls a person and an account may get in a calendar month (UTC): they cost money."""

from datetime import date, datetime
from enum import Enum

from django.db.models import F, Sum

from accounts.models import Account, User
from alerts.models import Cap, Channel, Notification, Spending

# Where an account has said nothing: for a person, and for all of the account together.
OF_A_PERSON = Cap(sms=100, calls=50)
OF_AN_ACCOUNT = Cap(sms=500, calls=200)
COSTLY = (Channel.SMS, Channel.PHONE)


class Reached(Enum):
    """Whose cap is reached, in words that follow "cap of"."""

    PERSON = "this person"
    ACCOUNT = "this account"


def spend(notification: Notification, now: datetime) -> Reached | None:
    """Counts a message that is about to go out, in a transaction that has the account locked; what is reached instead
    where it would be one too many."""
    if notification.channel not in COSTLY or notification.person is None:
        return None
    month = month_of(now)
    person, account = notification.person, notification.account
    if spent(account, month, notification.channel, person) >= most(account, person, notification.channel):
        return Reached.PERSON
    if spent(account, month, notification.channel) >= most(account, None, notification.channel):
        return Reached.ACCOUNT
    row, _ = Spending.objects.get_or_create(account=account, person=person, month=month, channel=notification.channel)
    Spending.objects.filter(pk=row.pk).update(count=F("count") + 1)
    return None


def give_back(notification: Notification, now: datetime) -> None:
    """Takes back what was counted for a message that certainly did not go out."""
    if notification.channel in COSTLY and notification.person is not None:
        rows = Spending.objects.filter(account=notification.account, person=notification.person, count__gt=0)
        rows.filter(month=month_of(now), channel=notification.channel).update(count=F("count") - 1)


def month_of(now: datetime) -> date:
    """The first day of the month."""
    return now.date().replace(day=1)


def spent(account: Account, month: date, channel: str, person: User | None = None) -> int:
    """How many messages went out in the month by the channel, to the person or to all."""
    rows = Spending.objects.filter(account=account, month=month, channel=channel)
    if person is not None:
        rows = rows.filter(person=person)
    return rows.aggregate(all=Sum("count"))["all"] or 0


def most(account: Account, person: User | None, channel: str) -> int:
    """The cap of a person, or without one of the account."""
    cap = Cap.objects.filter(account=account, person=person).first() or default_of(person)
    return cap.sms if channel == Channel.SMS else cap.calls


def default_of(person: User | None) -> Cap:
    """The cap of a person, or without one of an account, of whom nobody has said anything."""
    return OF_AN_ACCOUNT if person is None else OF_A_PERSON
