"""Writes into the audit log what happens to people's log-ins. These entries belong to the person, not to an account."""

from typing import Any

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import access_news
from accounts.audit import record_of
from accounts.client_address import address_of
from accounts.models import User
from accounts.second_factor import name_of


def note_failed_log_in(request: HttpRequest, email: str) -> None:
    """A wrong password, for a known or an unknown address."""
    user = User.objects.filter(email=email.lower()).first()
    record_of(user, "login.failed", None, email, address_of(request))


@receiver(account.user_signed_up)
def _signed_up(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, "login.signed_up")


@receiver(account.user_logged_in)
def _logged_in(request: HttpRequest, user: User, **_: Any) -> None:
    ways = [way.get("type", way["method"]) for way in get_authentication_records(request, user)]
    _note(request, user, "login", ways=ways)


@receiver(user_logged_out)
def _logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        _note(request, user, "logout")


@receiver(account.password_changed)
@receiver(account.password_set)
def _password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, "password.changed")
    access_news.tell_of(user)


@receiver(account.password_reset)
def _password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, "password.reset")
    access_news.tell_of(user)


@receiver(account.email_confirmed)
def _email_confirmed(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    _note(request, email_address.user, "email.confirmed", email_address.email)


@receiver(account.email_added)
def _email_change_asked(request: HttpRequest, user: User, email_address: EmailAddress, **_: Any) -> None:
    _note(request, user, "email.change_asked", email_address.email)


@receiver(account.email_removed)
def _email_change_given_up(request: HttpRequest, user: User, email_address: EmailAddress, **_: Any) -> None:
    _note(request, user, "email.change_given_up", email_address.email)


@receiver(account.email_changed)
def _email_changed(
    request: HttpRequest,
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **_: Any,
) -> None:
    if from_email_address is not None:
        _note(request, user, "email.changed", to_email_address.email, before=from_email_address.email)


@receiver(second_factor.authenticator_added)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "second_factor.added", name_of(authenticator), type=authenticator.type)


@receiver(second_factor.authenticator_removed)
def _factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "second_factor.removed", name_of(authenticator), type=authenticator.type)


@receiver(second_factor.authenticator_reset)
def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "second_factor.renewed", name_of(authenticator), type=authenticator.type)


@receiver(second_factor.authentication_failed)
def _code_refused(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _note(request, user, "second_factor.failed", name_of(authenticator), type=authenticator.type)


def _note(request: HttpRequest, user: User, action: str, target: str = "", **details: Any) -> None:
    record_of(user, action, None, target, address_of(request), **details)
