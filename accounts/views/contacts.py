"""Where the people of an account are told of alerts.

To be told is to read: viewers have contacts of their own too. Everybody confirms and removes his own; an owner removes
anybody's. Who may change things sees those of all, since rules name them; a viewer sees his own.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import Access, contact_of, enter, person_of
from accounts.codes import TRIES, TooManyCodes, open_code, send_code, ways_to
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
from accounts.models import Contact, Way
from accounts.telephony import missing_settings
from accounts.views.settings_page import settings_page

_WRONG = "This code is not right, or not any more: after three tries or 15 minutes a new one is needed."


@require_safe
@login_required
@never_cache
def contacts(request: HttpRequest, account_id: int) -> HttpResponse:
    """The contacts that the person may see."""
    access = enter(request, account_id)
    listed = contacts_in(access.account)
    if not access.can_write:
        listed = listed.filter(user=person_of(request))
    return settings_page(request, access, "accounts/contacts.html", contacts=listed, missing=missing_settings())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def add_email(request: HttpRequest, account_id: int) -> HttpResponse:
    """Asks for an e-mail address; a POST adds it and mails a code."""
    access = enter(request, account_id)
    return _add(request, access, EmailContactForm(request.POST if request.method == "POST" else None))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def add_phone(request: HttpRequest, account_id: int) -> HttpResponse:
    """Asks for a phone number; a POST adds it and sends a code. Without a provider it says what is missing."""
    access = enter(request, account_id)
    missing = missing_settings()
    if missing:
        return settings_page(request, access, "accounts/add_contact.html", missing=missing)
    return _add(request, access, PhoneContactForm(request.POST if request.method == "POST" else None))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def confirm(request: HttpRequest, account_id: int, contact_id: int) -> HttpResponse:
    """Asks for the code; a POST tries one."""
    access = enter(request, account_id)
    contact = contact_of(access, person_of(request), contact_id)
    if contact.confirmed:
        return redirect("account_contacts", account_id)
    form = CodeForm(request.POST if request.method == "POST" else None)
    now = timezone.now()
    if form.is_valid() and confirm_contact(request, contact, form.cleaned_data["code"], now):
        messages.success(request, f"Confirmed {contact.shown}.")
        return redirect("account_contacts", account_id)
    if form.is_valid():
        form.add_error("code", _WRONG)
    code = open_code(contact, now)
    left = TRIES - code.tries if code else 0
    context = {"contact": contact, "form": form, "code": code, "left": left, "ways": ways_to(contact)}
    return settings_page(request, access, "accounts/confirm_contact.html", **context)


@require_POST
@login_required
def send(request: HttpRequest, account_id: int, contact_id: int) -> HttpResponse:
    """Sends a new code, `way` says how: 400 for a way that does not lead to the contact."""
    access = enter(request, account_id)
    contact = contact_of(access, person_of(request), contact_id)
    if contact.confirmed:
        return redirect("account_contacts", account_id)
    way = request.POST.get("way")
    if way not in ways_to(contact):
        return HttpResponseBadRequest("No code can be sent that way.")
    return _send(request, contact, Way(way))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def remove(request: HttpRequest, account_id: int, contact_id: int) -> HttpResponse:
    """Asks whether the contact shall be removed; a POST removes it."""
    access = enter(request, account_id)
    contact = contact_of(access, person_of(request), contact_id, of_others=True)
    if request.method != "POST":
        return settings_page(request, access, "accounts/remove_contact.html", contact=contact)
    remove_contact(request, contact)
    messages.success(request, f"Removed {contact.shown}.")
    return redirect("account_contacts", account_id)


def _add(request: HttpRequest, access: Access, form: EmailContactForm | PhoneContactForm) -> HttpResponse:
    if not form.is_valid():
        return settings_page(request, access, "accounts/add_contact.html", form=form)
    try:
        contact = add_contact(request, access.account, form.medium, form.cleaned_data["address"], timezone.now())
    except AlreadyConfirmed:
        form.add_error("address", "You have this one already.")
    except TooManyContacts:
        form.add_error(None, f"You have {MOST_CONTACTS} contacts here. Remove one that you do not need any more.")
    else:
        if not contact.confirmed:
            return _send(request, contact, ways_to(contact)[0])
        messages.success(request, f"Added {contact.shown}. It needs no code: you log in with it.")
        return redirect("account_contacts", access.account.pk)
    return settings_page(request, access, "accounts/add_contact.html", form=form)


def _send(request: HttpRequest, contact: Contact, way: Way) -> HttpResponse:
    """Sends a code at once, so that the next page can say what the provider made of it."""
    try:
        send_code(contact, way, timezone.now())
    except (TooManyCodes, DeliveryError) as error:
        messages.error(request, error.sentence)
    except IntegrityError:
        raise Http404 from None  # the contact was removed meanwhile
    return redirect("account_contact_confirm", contact.account_id, contact.pk)
