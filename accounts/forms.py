"""Forms of the accounts' pages."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import User
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
