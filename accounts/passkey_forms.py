"""allauth's forms of passkeys, which say what was refused, and refuse what is no passkey at all, where allauth would
fail."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as allauth_forms
from django.core.exceptions import ValidationError

# What reading a foreign structure of JSON, CBOR and packed bytes may raise.
_MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ValidationError as refusal:
        if refusal.code != "incorrect_code":
            raise
        raise get_adapter().validation_error("unknown_passkey") from refusal
    except _MALFORMED as problem:
        raise get_adapter().validation_error("unknown_passkey") from problem


class AddForm(allauth_forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    def clean(self) -> dict[str, Any]:
        with _refusing():
            return super().clean()  # type: ignore[no-any-return]


class _Answer:
    """For the forms that take an answer to a challenge."""

    def clean_credential(self) -> Authenticator:
        with _refusing():
            return super().clean_credential()  # type: ignore[misc]


class AuthenticateForm(_Answer, allauth_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The second factor beside the password."""


class LoginForm(_Answer, allauth_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey alone."""


class ReauthenticateForm(_Answer, allauth_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """Once more before something that matters."""
