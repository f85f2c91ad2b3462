"""The form of a person's own settings."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import Language, Theme, User
from accounts.timezones import grouped_zones


class ProfileForm(forms.Form):
    """Time zone, appearance and the language of calls."""

    timezone = forms.ChoiceField(
        required=False,
        label="Time zone",
        help_text="“Today” and every time on a page follow it, whatever machine you look from.",
        widget=forms.Select(attrs={"size": 8}),
    )
    theme = forms.ChoiceField(required=False, label="Appearance", choices=Theme.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(
        required=False,
        label="Language of calls",
        choices=[("", "By the country of the number"), *Language.choices],
        help_text="Alerts and codes by phone are said in it. Pages, mails and SMS are in English.",
    )

    def __init__(self, person: User, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={name: getattr(person, name) for name in self.base_fields})
        self.fields["timezone"].choices = [("", "As the browser"), *_old(person.timezone), *grouped_zones()]  # type: ignore[attr-defined]


def _old(chosen: str) -> list[tuple[str, str]]:
    """A zone that was chosen under a name that the list no longer has: it stays until another is chosen."""
    known = {zone for _, places in grouped_zones() for zone, _ in places}
    return [(chosen, chosen)] if chosen and chosen not in known else []
