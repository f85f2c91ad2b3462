"""What incidents tell of people to those who do not see their contacts: addresses and numbers are told by their ends.

Who may change the account sees all, since he writes escalations of them; a viewer sees his own. Neither read keys nor
the public of account 0 know the account's people: to them also who acknowledged is told like that.
"""

import re
from dataclasses import dataclass

import phonenumbers
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.access import Access
from accounts.models import User
from alerts.models import IncidentEvent, Notification
from alerts.timeline import NOT_TOLD, TOLD

_EMAIL = re.compile(r"([^\s@:;,()<>])[^\s@:;,()<>]*@([^\s@:;,()<>]+)")
_NUMBER = re.compile(r"\+[0-9]{6,15}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads of incidents: what was granted to him, and his id, where he is a person."""

    access: Access
    person_id: int | None

    def line(self, line: IncidentEvent) -> str:
        """The text of a line of a timeline."""
        names_a_contact = line.kind in (TOLD, NOT_TOLD)
        hidden = not self.access.is_member or (names_a_contact and not self._sees_those_of(line.person_id))
        return masked(line.text) if hidden else line.text

    def whom(self, message: Notification) -> str:
        """Whom a message is for: a person, what an endpoint is called, or the address of somebody who is gone."""
        whom = str(message.person) if message.person is not None else message.address
        known = self.access.is_member if message.person is not None else self._sees_those_of(None)
        return whom if known or message.endpoint_id is not None else masked(whom)

    def _sees_those_of(self, person_id: int | None) -> bool:
        return self.access.can_write or (person_id is not None and person_id == self.person_id)


def reader_of(request: HttpRequest | Request, access: Access) -> Reader:
    """Who has sent the request."""
    return Reader(access, request.user.pk if isinstance(request.user, User) else None)


def masked(text: str) -> str:
    """The text with its e-mail addresses as `a…@example.org`, and its E.164 numbers as `+43 … 12`."""
    return _NUMBER.sub(_masked_number, _EMAIL.sub(r"\1…@\2", text))


def _masked_number(found: re.Match[str]) -> str:
    number = found[0]
    try:
        country = f"+{phonenumbers.parse(number).country_code}"
    except phonenumbers.NumberParseException:  # of no country
        country = "+"
    return f"{country} … {number[-2:]}"
