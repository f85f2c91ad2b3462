"""Forms of the keys page."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.keys import live_keys
from accounts.models import Account, Scope

LABEL_LENGTH = 80

# An account in good order has a handful; the bound keeps the table of live keys in memory small.
MOST_LIVE_KEYS = 100

# Seconds that a key works on after it was replaced.
OVERLAPS = [(0, "now"), (3600, "in 1 hour"), (86_400, "in 24 hours"), (7 * 86_400, "in 7 days")]


def _label(**more: Any) -> forms.CharField:
    return forms.CharField(max_length=LABEL_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"}), **more)


def _refuse_too_many(account: Account) -> None:
    """In a transaction: until it ends nobody else makes a key of the account. Those who only change one go on."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if live_keys(timezone.now()).filter(account=account).count() >= MOST_LIVE_KEYS:
        raise forms.ValidationError(
            f"The account has {MOST_LIVE_KEYS} keys. Revoke one that nothing uses before you make another."
        )


class KeyForm(forms.Form):
    """A new key: what it is for, and what it may do. Valid in a transaction, in which the key is made."""

    label = _label(help_text="Where the key will be used, for example “api servers”.")
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
        _refuse_too_many(self._account)


class LabelForm(forms.Form):
    """Another label for a key."""

    label = _label()


class ReplaceForm(forms.Form):
    """A new key in the place of one, and when that one ends. Valid in a transaction, in which the key is made."""

    overlap = forms.TypedChoiceField(
        coerce=lambda seconds: timedelta(seconds=int(seconds)),
        choices=OVERLAPS,
        initial=86_400,
        label="The old key ends",
        help_text="Until then both work: time to bring the new one to your programs.",
    )

    def __init__(self, account: Account, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._account = account

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("overlap"):
            _refuse_too_many(self._account)
