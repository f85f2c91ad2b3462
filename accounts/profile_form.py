"""The form of a person's own settings."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import Theme, User
from accounts.timezones import grouped_zones


class ProfileForm(forms.Form):
    """Time zone and appearance."""

    timezone = forms.ChoiceField(
        required=False,
        label="Time zone",
        help_text="“Today” and every time on a page follow it, whatever machine you look from.",
        widget=forms.Select(attrs={"size": 8}),
    )
    theme = forms.ChoiceField(required=False, label="Appearance", choices=Theme.choices, widget=forms.RadioSelect)

    def __init__(self, person: User, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"timezone": person.timezone, "theme": person.theme})
        self.fields["timezone"].choices = [("", "As the browser"), *_old(person.timezone), *grouped_zones()]  # type: ignore[attr-defined]


def _old(chosen: str) -> list[tuple[str, str]]:
    """A zone that was chosen under a name that the list no longer has: it stays until another is chosen."""
    known = {zone for _, places in grouped_zones() for zone, _ in places}
    return [(chosen, chosen)] if chosen and chosen not in known else []
