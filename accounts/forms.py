"""Forms of the accounts' pages."""

from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.sign_up import remember_team

NAME_LENGTH = 80


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    """Sign-up. What it answers does not tell whether somebody has signed up with the address before."""

    team = forms.CharField(
        max_length=NAME_LENGTH,
        required=False,
        label="Team (optional)",
        help_text="Names the account. You can leave it empty.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    field_order = ("email", "password1", "team")
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = "At least 8 characters, and not one that everybody uses."

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The new user, or, where the address is taken, allauth's answer that looks the same; it mails the owner."""
        remember_team(request, self.cleaned_data["team"])
        try:
            if self.account_already_exists:
                make_password(self.cleaned_data["password1"])  # takes the time that it takes for a new user
            return super().try_save(request)  # type: ignore[no-any-return]
        except IntegrityError:
            # Somebody else signed up with the address since the form was checked.
            self.account_already_exists = True
            return super().try_save(request)  # type: ignore[no-any-return]

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            return super().save(request)  # type: ignore[no-any-return]
