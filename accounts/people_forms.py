"""Forms about an account and its people."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import (
    LONGEST_RETENTION_DAYS,
    SHORTEST_RETENTION_DAYS,
    Account,
    Membership,
    Role,
)

NAME_LENGTH = 80
ROLE_HELP = "A member changes stats, alerts and keys. A viewer looks."


class NameField(forms.CharField):
    """The name of an account: one line, whatever is sent."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "organization"})
        super().__init__(max_length=NAME_LENGTH, label="Name", widget=widget, **options)

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


class NewAccountForm(forms.Form):
    """Another account."""

    name = NameField(help_text="For example the team, or what it tracks.")


class AccountForm(forms.Form):
    """What an owner sets about an account."""

    name = NameField()
    retention_days = forms.IntegerField(
        min_value=SHORTEST_RETENTION_DAYS,
        max_value=LONGEST_RETENTION_DAYS,
        label="Keep values for (days)",
        help_text=f"At least {SHORTEST_RETENTION_DAYS}. Older days are removed the next night, for good.",
    )

    def __init__(self, account: Account, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"name": account.name, "retention_days": account.retention_days})


class InviteForm(forms.Form):
    """Whom to invite, and as what. Owners are made of people who are in already."""

    email = forms.EmailField(
        label="E-mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        choices=[(Role.MEMBER, Role.MEMBER.label), (Role.VIEWER, Role.VIEWER.label)],
        initial=Role.MEMBER,
        help_text=ROLE_HELP,
    )


class RoleForm(forms.Form):
    """Another role for somebody."""

    role = forms.ChoiceField(choices=Role.choices)


class OfferForm(forms.Form):
    """To whom an account is offered: one of its people who does not own it."""

    taker = forms.TypedChoiceField(coerce=int, label="New owner")

    def __init__(self, people: Iterable[Membership], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.takers = [(one.pk, one.user.email) for one in people if one.role != Role.OWNER]
        field = self.fields["taker"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [("", "Choose a person"), *self.takers]


class CloseForm(forms.Form):
    """Asks for the account's name, so that nobody closes one by a slip."""

    name = forms.CharField(label="Name of the account", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, account: Account, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._account = account

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self._account.name:
            raise ValidationError(f"Type “{self._account.name}”, as it is written here.")
        return name
