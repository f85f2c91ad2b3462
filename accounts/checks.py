"""System checks of how the site wires accounts in."""

from typing import Any

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
