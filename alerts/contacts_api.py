"""Contacts over the API: a person's own are added, confirmed and removed, as on their page."""

from typing import Any

from django.db import IntegrityError
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import contact_of, person_of
from accounts.codes import TooManyCodes, send_code, ways_to
from accounts.contact_forms import CodeForm, EmailContactForm, PhoneContactForm
from accounts.contacts import (
    MOST_CONTACTS,
    AlreadyConfirmed,
    TooManyContacts,
    add_contact,
    confirm_contact,
    contacts_in,
    remove_contact,
)
from accounts.delivery import DeliveryError
from accounts.models import Contact, Medium, Way
from accounts.telephony import missing_settings
from alerts.api_calls import CHANGING, as_person, valid
from stats.api import ACCOUNT

_FORMS = {Medium.EMAIL: EmailContactForm, Medium.PHONE: PhoneContactForm}


class ContactSerializer(serializers.Serializer[Any]):
    """An address or a number of a person; alerts go there once it is confirmed."""

    id = serializers.IntegerField(read_only=True)
    medium = serializers.ChoiceField(choices=Medium.values)
    address = serializers.CharField(max_length=254)
    person = serializers.CharField(source="user", read_only=True)
    confirmed = serializers.DateTimeField(read_only=True, allow_null=True)


class CodeWaySerializer(serializers.Serializer[Any]):
    """How a code is sent."""

    way = serializers.ChoiceField(choices=Way.values)


class CodeSerializer(serializers.Serializer[Any]):
    """The code that was sent."""

    code = serializers.CharField(max_length=20)


class ContactsView(APIView):
    """The contacts of an account's people."""

    @extend_schema(
        operation_id="contacts", parameters=[ACCOUNT], responses={200: ContactSerializer(many=True), **CHANGING}
    )
    def get(self, request: Request) -> Response:
        """Those that one may see: who may change the account all, a viewer his own."""
        access = as_person(request)
        rows = contacts_in(access.account)
        return Response(
            ContactSerializer(rows if access.can_write else rows.filter(user=person_of(request)), many=True).data
        )

    @extend_schema(
        operation_id="contact_add",
        parameters=[ACCOUNT],
        request=ContactSerializer,
        responses={201: ContactSerializer, **CHANGING},
    )
    def post(self, request: Request) -> Response:
        """Adds a contact of one's own. Unless one logs in with it, send a code next."""
        access, said = as_person(request), valid(ContactSerializer, request)
        medium = Medium(said["medium"])
        if medium == Medium.PHONE and missing_settings():
            raise ValidationError({"medium": ["This server sends no SMS and makes no calls."]})
        form = _FORMS[medium]({"address": said["address"]})
        if not form.is_valid():
            raise ValidationError({field: [str(one) for one in found] for field, found in form.errors.items()})
        try:
            made = add_contact(request, access.account, medium, form.cleaned_data["address"], timezone.now())
        except AlreadyConfirmed:
            raise ValidationError({"address": ["You have this one already."]}) from None
        except TooManyContacts:
            raise ValidationError({"address": [f"You have {MOST_CONTACTS} contacts here."]}) from None
        return Response(ContactSerializer(made).data, status=201)


class ContactView(APIView):
    """One contact."""

    @extend_schema(operation_id="contact_remove", parameters=[ACCOUNT], responses={204: None, **CHANGING})
    def delete(self, request: Request, contact_id: int) -> Response:
        """Removes a contact of one's own, an owner anybody's."""
        access = as_person(request)
        remove_contact(request, contact_of(access, person_of(request), contact_id, of_others=True))
        return Response(status=204)


class ContactSendView(APIView):
    """Codes that confirm a contact."""

    @extend_schema(
        operation_id="contact_send", parameters=[ACCOUNT], request=CodeWaySerializer, responses={204: None, **CHANGING}
    )
    def post(self, request: Request, contact_id: int) -> Response:
        """Sends a code to a contact of one's own."""
        contact = _own(request, contact_id)
        way = Way(valid(CodeWaySerializer, request)["way"])
        if contact.confirmed or way not in ways_to(contact):
            raise ValidationError({"way": ["No code can be sent that way."]})
        try:
            send_code(contact, way, timezone.now())
        except (TooManyCodes, DeliveryError) as error:
            raise ValidationError({"way": [error.sentence]}) from None
        except IntegrityError:
            raise Http404 from None  # the contact was removed meanwhile
        return Response(status=204)


class ContactConfirmView(APIView):
    """Confirming a contact."""

    @extend_schema(
        operation_id="contact_confirm",
        parameters=[ACCOUNT],
        request=CodeSerializer,
        responses={200: ContactSerializer, **CHANGING},
    )
    def post(self, request: Request, contact_id: int) -> Response:
        """Confirms a contact of one's own by its code, of which three tries count."""
        contact = _own(request, contact_id)
        form = CodeForm(valid(CodeSerializer, request))
        if not form.is_valid():
            raise ValidationError({field: [str(one) for one in found] for field, found in form.errors.items()})
        if not contact.confirmed and not confirm_contact(request, contact, form.cleaned_data["code"], timezone.now()):
            raise ValidationError({"code": ["This code is not right, or not any more."]})
        return Response(ContactSerializer(contact).data)


def _own(request: Request, contact_id: int) -> Contact:
    return contact_of(as_person(request), person_of(request), contact_id)
