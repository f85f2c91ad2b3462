"""Where the people of an account are told of alerts."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from accounts import audit
from accounts.access import person_of
from accounts.codes import is_right
from accounts.models import Account, Contact, Medium, User

MOST_CONTACTS = 20  # of a person in an account


class TooManyContacts(Exception):
    """The person has as many as he may."""


class AlreadyConfirmed(Exception):
    """The person has this very contact."""


def add_contact(
    request: HttpRequest | Request, account: Account, medium: Medium, address: str, now: datetime
) -> Contact:
    """A contact of the person of the request, confirmed at once where it is an address that he logs in with.

    One that he has added before and not confirmed is returned again. Raises TooManyContacts or AlreadyConfirmed.
    """
    person = person_of(request)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)  # of two at the same time one sees the other
        own = Contact.objects.filter(account=account, user=person)
        contact = own.filter(medium=medium, address=address).first()
        if contact is None and own.count() >= MOST_CONTACTS:
            raise TooManyContacts
        if contact is None:
            contact, _ = Contact.objects.get_or_create(account=account, user=person, medium=medium, address=address)
            audit.record(request, "contact.added", account, address)
        if contact.confirmed:
            raise AlreadyConfirmed
        if medium == Medium.EMAIL and _logs_in_with(person, address):
            _confirmed(request, contact, now)
    return contact


def confirm_contact(request: HttpRequest | Request, contact: Contact, code: str, now: datetime) -> bool:
    """Confirms a contact by its code; False where that is not right, which counts as a try."""
    # Not in the transaction: a try counts whatever happens next.
    if not is_right(contact, code, now):
        return False
    with transaction.atomic():
        _confirmed(request, contact, now)
    return True


def remove_contact(request: HttpRequest | Request, contact: Contact) -> None:
    """Forgets a contact; what is told from now on does not go there."""
    with transaction.atomic():
        audit.record(request, "contact.removed", contact.account, contact.address, of=contact.user.email)
        contact.delete()


def contacts_in(account: Account) -> QuerySet[Contact]:
    """The contacts of all who belong to the account, their people loaded too, in the order in which pages list them."""
    of_people = Contact.objects.filter(account=account, user__is_active=True, user__memberships__account=F("account"))
    return of_people.select_related("user").order_by("user__email", "medium", "address")


def confirmed_contacts(account: Account) -> QuerySet[Contact]:
    """Those of them that may be told of alerts."""
    return contacts_in(account).exclude(confirmed=None)


def _confirmed(request: HttpRequest | Request, contact: Contact, now: datetime) -> None:
    contact.confirmed = now
    if Contact.objects.filter(pk=contact.pk).update(confirmed=now):  # else it was removed meanwhile
        audit.record(request, "contact.confirmed", contact.account, contact.address)


def _logs_in_with(person: User, address: str) -> bool:
    return bool(EmailAddress.objects.filter(user=person, email__iexact=address, verified=True).exists())
