"""Incidents and the messages about them, as `alerts.incidents` makes them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from accounts.models import Account, Contact, Medium, User
from alerts import outbox
from alerts.models import Channel, Endpoint, EndpointKind, Incident, Notification, NotificationKind

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NUMBER = "+4915123456789"
ADDRESS = "alice@on-call.example.org"
SENTENCE = "orders 12/min, 71 % below a typical Tuesday 14:05, for 6 min"
_KEYS = count(1)


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def step(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Story:
    """An account with a person who is told, and the clock of all that happens."""

    account: Account
    person: User
    email: Contact
    phone: Contact
    clock: Clock

    def incident(self, sentence: str = SENTENCE, target: str = "shop/c/orders") -> Incident:
        number = Incident.objects.filter(account=self.account).count() + 1
        return Incident.objects.create(
            account=self.account,
            number=number,
            rule_name="Orders",
            target=f"{target}{number}",
            opened=self.clock.now,
            sentence=sentence,
        )

    def told(self, channel: Channel, incident: Incident | None = None, **fields: Any) -> Notification:
        """A message that is due, of a new incident unless one is given."""
        incident = incident or self.incident()
        contact = self.email if channel == Channel.EMAIL else self.phone
        values = {
            "kind": NotificationKind.ALERT,
            "step": 0,
            "contact": contact,
            "address": contact.address,
            "sentence": incident.sentence,
            "due": self.clock.now,
            "person": contact.user,
        }
        return Notification.objects.create(
            account=self.account,
            incident=incident,
            channel=channel,
            key=f"key {next(_KEYS)}",
            **values | fields,
        )

    def endpoint(self, kind: EndpointKind, url: str, secret: str = "") -> Endpoint:
        return Endpoint.objects.create(account=self.account, kind=kind, name="Ops", url=url, secret=secret)

    def posted(self, endpoint: Endpoint, **fields: Any) -> Notification:
        """A message to an endpoint."""
        channel = Channel(endpoint.kind)
        values = {"contact": None, "person": None, "endpoint": endpoint, "address": endpoint.name}
        return self.told(channel, **values | fields)

    def send(self, notification: Notification) -> Notification:
        """The message after a try."""
        outbox.send(notification.pk, self.clock)
        notification.refresh_from_db()
        return notification

    def send_all(self) -> None:
        """All that is due, and what becomes due by that."""
        while due := outbox.due(self.clock.now):
            for pk in due:
                outbox.send(pk, self.clock)


def story_of(account: Account, person: User) -> Story:
    def confirmed(medium: Medium, address: str) -> Contact:
        return Contact.objects.create(account=account, user=person, medium=medium, address=address, confirmed=NOW)

    email, phone = confirmed(Medium.EMAIL, ADDRESS), confirmed(Medium.PHONE, NUMBER)
    return Story(account, person, email, phone, Clock())


def in_a_thread(story: Story, notification: Notification) -> bool:
    """For a thread of its own, whose connection to the database ends with it: whether the try was this one's."""
    try:
        return outbox.send(notification.pk, story.clock)
    finally:
        connection.close()


def timeline_of(incident: Incident) -> list[str]:
    return [event.text for event in incident.events.all()]
