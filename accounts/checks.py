"""System checks of how the site wires accounts in, and of settings that only accounts can judge."""

from typing import Any

import phonenumbers
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.urls import Resolver404, resolve

from accounts.views.login import OpenAccountView

SIGN_UP = "/accounts/signup/"


@register("urls")
def sign_up_opens_an_account(**_: Any) -> list[CheckMessage]:
    """An error where allauth's own sign-up answers: it makes users that belong to no account and have no key."""
    try:
        view = getattr(resolve(SIGN_UP).func, "view_class", None)
    except Resolver404:
        return []
    if view is OpenAccountView:
        return []
    return [Error(f"Include accounts.urls before allauth's, or {SIGN_UP} opens no account.", id="accounts.E001")]


@register()
def countries_have_telephones(**_: Any) -> list[CheckMessage]:
    """An error where DATTSS_PHONE_COUNTRIES names what is no country: its numbers would never be accepted."""
    unknown = sorted(settings.DATTSS_PHONE_COUNTRIES - phonenumbers.SUPPORTED_REGIONS)
    if not unknown:
        return []
    named = ", ".join(unknown)
    return [Error(f"DATTSS_PHONE_COUNTRIES names {named}, which no country has as its code.", id="accounts.E002")]
