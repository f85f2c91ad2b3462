"""What people do to escalations, and tests of ways: each checked, done and noted in the audit log in one transaction.

A way is a channel to a contact or an endpoint, as a text: `sms:12`, `webhook:3`. Who may is asked before, with
`accounts.access`: every change needs `Right.CHANGE`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet, RestrictedError
from django.http import Http404, HttpRequest
from rest_framework.request import Request

from accounts import audit
from accounts.access import Access, lock_account, person_of
from accounts.contacts import confirmed_contacts
from accounts.models import Account, Contact
from alerts import channel_tests
from alerts.changes import ChangeError
from alerts.channel_tests import TooManyTests
from alerts.masking import masked
from alerts.models import Channel, Endpoint, EndpointKind, Escalation, EscalationStep

MOST_ESCALATIONS = 100  # of an account
MOST_STEPS = 10
LATEST_STEP = 24 * 3600  # seconds
MOST_REPEAT_MINUTES = 24 * 60
MOST_REPEATS = 100


@dataclass(frozen=True)
class Way:
    """A channel to a confirmed contact or to an endpoint of the account."""

    channel: Channel
    contact: Contact | None = None
    endpoint: Endpoint | None = None

    @property
    def key(self) -> str:
        """As forms send it."""
        to = self.contact or self.endpoint
        return f"{self.channel}:{to.pk if to else ''}"

    @property
    def shown(self) -> str:
        """Such as `SMS to +15005550006 (alice@example.org)`."""
        if self.contact is not None:
            return f"{self.channel.label} to {self.contact.shown} ({self.contact.user})"
        return f"{self.channel.label} {self.endpoint.name if self.endpoint else ''}"


@dataclass(frozen=True)
class StepDraft:
    """What a step is to be."""

    after_seconds: int
    way: Way


@dataclass(frozen=True)
class EscalationDraft:
    """What an escalation is to be: its steps in the order in which they are taken."""

    name: str
    steps: Sequence[StepDraft]
    repeat_minutes: int = 0
    most_repeats: int = 0


def ways_of(account: Account) -> list[Way]:
    """All ways to tell somebody of the account, people first."""
    people = [
        Way(channel, contact=contact)
        for contact in confirmed_contacts(account)
        for channel in channel_tests.channels_of(contact)
    ]
    return [*people, *(Way(Channel(one.kind), endpoint=one) for one in endpoints_of(account))]


def endpoints_of(account: Account) -> QuerySet[Endpoint]:
    """The endpoints of an account, by name; not those of canaries."""
    return Endpoint.objects.filter(account=account).exclude(kind=EndpointKind.FILE).order_by("name", "pk")


def key_of(step: EscalationStep) -> str:
    """`Way.key` of a step; empty where its contact or endpoint was removed."""
    to = step.contact_id or step.endpoint_id
    return f"{step.channel}:{to}" if to else ""


def whom(step: EscalationStep, access: Access) -> str:
    """Such as `+15005550006 (alice@example.org)`, with the contact's person and address, if they are loaded; who only
    looks does not see addresses, and a key or the public not even who the people are."""
    if step.endpoint is not None:
        return step.endpoint.name
    if step.contact is None:
        return "nobody: it was removed"
    person = str(step.contact.user)
    if access.can_write:
        return f"{step.contact.shown} ({person})"
    return person if access.is_member else masked(person)


def known_way(known: Mapping[str, Way], key: str, field: str = "way") -> Way:
    """One of the account's ways by its key. Raises ChangeError about the field."""
    found = known.get(key)
    if found is None:
        raise ChangeError(field, "The account has no such way.")
    return found


def escalations_of(account: Account) -> QuerySet[Escalation]:
    """The escalations of an account, by name; not those of canaries."""
    return Escalation.objects.filter(account=account).exclude(steps__channel=Channel.FILE).order_by("name")


def escalation_of(access: Access, escalation_id: int) -> Escalation:
    """Http404 where the account has none like that."""
    found = escalations_of(access.account).filter(pk=escalation_id).first()
    if found is None:
        raise Http404
    return found


def endpoint_of(access: Access, endpoint_id: int) -> Endpoint:
    """Http404 where the account has none like that."""
    found = endpoints_of(access.account).filter(pk=endpoint_id).first()
    if found is None:
        raise Http404
    return found


def make_escalation(request: HttpRequest | Request, access: Access, draft: EscalationDraft) -> Escalation:
    """A new escalation. Raises ChangeError."""
    with transaction.atomic():
        lock_account(access.account.pk)
        if escalations_of(access.account).count() >= MOST_ESCALATIONS:
            raise ChangeError("name", f"An account has at most {MOST_ESCALATIONS} escalations.")
        made = Escalation(account=access.account, by=person_of(request))
        _fill(made, draft)
        audit.record(request, "escalation.made", access.account, made.name)
    return made


def change_escalation(request: HttpRequest | Request, escalation: Escalation, draft: EscalationDraft) -> None:
    """The escalation becomes what the draft says; what is in the outbox stays. Raises ChangeError."""
    with transaction.atomic():
        lock_account(escalation.account_id)
        _fill(escalation, draft)
        audit.record(request, "escalation.changed", escalation.account, escalation.name)


def delete_escalation(request: HttpRequest | Request, escalation: Escalation) -> None:
    """The escalation is gone. Raises ChangeError where rules tell by it: they would tell nobody."""
    try:
        with transaction.atomic():
            audit.record(request, "escalation.deleted", escalation.account, escalation.name)
            escalation.delete()
    except RestrictedError:
        raise ChangeError("name", f"Rules tell by {escalation.name}. Have them tell by another one first.") from None


def try_way(request: HttpRequest | Request, access: Access, key: str, now: datetime) -> Way:
    """Sends a test by one of the account's ways, within seconds. Raises ChangeError."""
    way = known_way({one.key: one for one in ways_of(access.account)}, key)
    by = person_of(request)
    try:
        with transaction.atomic():
            if way.contact is not None:
                channel_tests.try_contact(access.account, way.contact, way.channel, by, now)
            elif way.endpoint is not None:
                channel_tests.try_endpoint(access.account, way.endpoint, by, now)
    except TooManyTests:
        most = channel_tests.MOST_AN_HOUR
        raise ChangeError("way", f"An account sends at most {most} tests an hour.") from None
    return way


def _fill(escalation: Escalation, draft: EscalationDraft) -> None:
    name = draft.name.strip()
    others = Escalation.objects.filter(account=escalation.account_id, name=name).exclude(pk=escalation.pk)
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise ChangeError("name", "An escalation needs a name of up to 80 letters.")
    if others.exists():
        raise ChangeError("name", "Another escalation has this name.")
    if not 1 <= len(draft.steps) <= MOST_STEPS:
        raise ChangeError("steps", f"An escalation has from 1 to {MOST_STEPS} steps.")
    if any(not 0 <= step.after_seconds <= LATEST_STEP for step in draft.steps):
        raise ChangeError("steps", "A step is taken at most a day after the incident began.")
    if not 0 <= draft.repeat_minutes <= MOST_REPEAT_MINUTES or not 0 <= draft.most_repeats <= MOST_REPEATS:
        raise ChangeError("repeat_minutes", f"Again after up to {MOST_REPEAT_MINUTES} min, up to {MOST_REPEATS} times.")
    escalation.name = name
    escalation.repeat_minutes, escalation.most_repeats = draft.repeat_minutes, draft.most_repeats
    escalation.save()
    escalation.steps.all().delete()
    EscalationStep.objects.bulk_create(
        EscalationStep(
            escalation=escalation,
            position=position,
            after_seconds=step.after_seconds,
            channel=step.way.channel,
            contact=step.way.contact,
            endpoint=step.way.endpoint,
        )
        for position, step in enumerate(sorted(draft.steps, key=lambda step: step.after_seconds))
    )
