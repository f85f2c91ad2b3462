"""Forms of the accounts' pages."""

from collections.abc import Mapping
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import Account, Scope, User
from accounts.opening import OpenedAccount, open_account

NAME_LENGTH = 80


class AddressTakenError(Exception):
    """Somebody else signed up with the same address between the form's check and its save."""


class OpenAccountForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    """Sign-up: the user and the account with its owner and first key are saved together or not at all."""

    team = forms.CharField(
        max_length=NAME_LENGTH,
        required=False,
        label="Team (optional)",
        help_text="Names the account. You can leave it empty.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    field_order = ("email", "password1", "team")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = "At least 8 characters, and not one that everybody uses."

    opened: OpenedAccount | None = None

    def save(self, request: HttpRequest) -> User:
        try:
            with transaction.atomic():
                user: User = super().save(request)
                self.opened = open_account(user, self.cleaned_data["team"])
        except IntegrityError as error:
            raise AddressTakenError from error
        return user


class KeyForm(forms.Form):
    """A new key: what it is for, and what it may do."""

    # An account in good order has a handful; the bound keeps the table of live keys in memory small.
    MAX_LIVE_KEYS = 100

    label = forms.CharField(
        max_length=NAME_LENGTH,
        help_text="Where the key will be used, for example “api servers”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        choices=[(Scope.INGEST, "Send values"), (Scope.READ, "Read values")],
        initial=Scope.INGEST,
        label="May",
        help_text="A key that sends cannot read, and the other way round.",
    )

    def __init__(self, account: Account, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._account = account

    def clean(self) -> None:
        super().clean()
        if self._account.keys.filter(revoked=None).count() >= self.MAX_LIVE_KEYS:
            raise forms.ValidationError(
                f"The account has {self.MAX_LIVE_KEYS} keys. Revoke one that nothing uses before you make another."
            )
