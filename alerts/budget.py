"""What of its SMS and calls an account has used this month, and its caps: read by its people, set by its owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.http import Http404, HttpRequest
from rest_framework.request import Request

from accounts import audit
from accounts.access import Access
from accounts.contacts import confirmed_contacts
from accounts.models import Account, Medium, Membership, User
from alerts import caps
from alerts.changes import ChangeError
from alerts.models import Cap, Channel, Spending

MOST = 100_000  # of a cap


@dataclass(frozen=True)
class Budget:
    """A person's month, or without one that of the whole account: how many went out, and how many may.

    `person_id` is that of the membership, as the pages of people have it. `own`: the caps were set, rather than being
    those that hold where nobody has said anything. `mailed`: at the cap an e-mail can come instead.
    """

    person: User | None
    person_id: int | None
    sms: int
    most_sms: int
    calls: int
    most_calls: int
    own: bool
    mailed: bool

    @property
    def reached(self) -> bool:
        return self.sms >= self.most_sms or self.calls >= self.most_calls


def budgets(access: Access, reader: User | None, now: datetime) -> list[Budget]:
    """That of the account, and those of the people that the reader may see, by their addresses: an owner all, a person
    his own."""
    account, month = access.account, caps.month_of(now)
    people = Membership.objects.filter(account=account).select_related("user").order_by("user__email")
    seen = [one for one in people if access.is_owner or (reader is not None and one.user_id == reader.pk)]
    set_caps = {cap.person_id: cap for cap in Cap.objects.filter(account=account)}
    used = _used(account, month)
    mailed = set(confirmed_contacts(account).filter(medium=Medium.EMAIL).values_list("user", flat=True))
    return [_budget(one, set_caps, used, one is None or one.user_id in mailed) for one in (None, *seen)]


def person_in(access: Access, person_id: int) -> User:
    """Somebody of the account. Http404 where there is nobody like that."""
    found = Membership.objects.filter(account=access.account, pk=person_id).select_related("user").first()
    if found is None:
        raise Http404
    return found.user


def set_cap(
    request: HttpRequest | Request, account: Account, person: User | None, sms: int | None, calls: int | None
) -> None:
    """Caps of a person, or of the account, for a month; None: as where nobody has said anything. What has gone out
    this month counts. Raises ChangeError."""
    for field, value in (("sms", sms), ("calls", calls)):
        if value is not None and not 0 <= value <= MOST:
            raise ChangeError(field, f"A cap is a whole number from 0 to {MOST:,}.")
    default = caps.default_of(person)
    wanted = {"sms": default.sms if sms is None else sms, "calls": default.calls if calls is None else calls}
    with transaction.atomic():
        before = Cap.objects.select_for_update().filter(account=account, person=person).first()
        if sms is None and calls is None:
            Cap.objects.filter(account=account, person=person).delete()
        else:
            Cap.objects.update_or_create(account=account, person=person, defaults=wanted)
        kept = before or default
        if (kept.sms, kept.calls) != (wanted["sms"], wanted["calls"]):
            audit.record(request, "cap.changed", account, str(person or account.name), **wanted)


def _used(account: Account, month: date) -> dict[tuple[int | None, str], int]:
    """How many went out, by person and channel; without a person those to all, also to who has left."""
    found: dict[tuple[int | None, str], int] = {}
    for row in Spending.objects.filter(account=account, month=month):
        for person in (row.person_id, None):
            found[person, row.channel] = found.get((person, row.channel), 0) + row.count
    return found


def _budget(
    membership: Membership | None,
    set_caps: Mapping[int | None, Cap],
    used: Mapping[tuple[int | None, str], int],
    mailed: bool,
) -> Budget:
    person = membership.user if membership is not None else None
    key = person.pk if person is not None else None
    cap = set_caps.get(key) or caps.default_of(person)
    return Budget(
        person=person,
        person_id=membership.pk if membership is not None else None,
        sms=used.get((key, Channel.SMS), 0),
        most_sms=cap.sms,
        calls=used.get((key, Channel.PHONE), 0),
        most_calls=cap.calls,
        own=key in set_caps,
        mailed=mailed,
    )
