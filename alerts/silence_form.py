"""The form of a silence: what is kept quiet, until when, why, and perhaps only in windows that come again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from accounts.models import Account
from alerts.changes import ChangeError, SilenceDraft
from alerts.models import Rule

KINDS = [("rule", "a rule"), ("process", "a process and its stats"), ("pattern", "a pattern")]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_RULES = 500  # to choose from
_FORMAT = "%Y-%m-%dT%H:%M"


def _moment(label: str, **more: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMAT)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[_FORMAT, f"{_FORMAT}:%S"], **more)


class SilenceForm(forms.Form):
    """Times are those of the zone of who fills it in, which is `zone`."""

    kind = forms.ChoiceField(choices=KINDS, label="Silence")
    process = forms.CharField(
        max_length=128, required=False, widget=forms.TextInput(attrs={"list": "processes", "autocomplete": "off"})
    )
    pattern = forms.CharField(max_length=259, required=False, help_text="Such as api.*.errors.")
    starts = _moment("From", required=False, help_text="Empty: now.")
    ends = _moment("Until")
    reason = forms.CharField(
        max_length=200, help_text="Others will wonder why.", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    days = forms.MultipleChoiceField(
        choices=list(enumerate(DAYS)), required=False, label="Only on", widget=forms.CheckboxSelectMultiple
    )
    start = forms.CharField(max_length=5, required=False, label="At", widget=forms.TextInput(attrs={"type": "time"}))
    minutes = forms.IntegerField(required=False, max_value=2**31, label="For, minutes")

    def __init__(self, account: Account, zone: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.zone = zone
        rules = Rule.objects.filter(account=account, canary=False).order_by("name", "pk")[:MOST_RULES]
        self.fields["rule"] = forms.ChoiceField(
            choices=[("", "choose one"), *((str(one.pk), one.name) for one in rules)], required=False
        )
        self.fields["ends"].help_text = f"A time of {zone}."

    def draft(self, now: datetime) -> SilenceDraft:
        """What a valid form says."""
        given = self.cleaned_data
        kind = given["kind"]
        return SilenceDraft(
            starts=given["starts"] or now,
            ends=given["ends"],
            reason=given["reason"],
            rule=int(given["rule"]) if kind == "rule" and given["rule"] else None,
            process=given["process"].strip() if kind == "process" else "",
            pattern=given["pattern"].strip() if kind == "pattern" else "",
            recurrence=self._recurrence(),
        )

    def blame(self, error: ChangeError) -> None:
        """Shows what is wrong beside its field."""
        field = "days" if error.field == "recurrence" else error.field
        if field == "rule":
            field = self.cleaned_data["kind"]
        self.add_error(field if field in self.fields else None, str(error))

    def _recurrence(self) -> dict[str, Any] | None:
        """The windows; None where there are none."""
        given = self.cleaned_data
        if not (given["days"] or given["start"] or given["minutes"]):
            return None
        return {
            "zone": self.zone,
            "days": [int(day) for day in given["days"]],
            "start": given["start"],
            "minutes": given["minutes"] or 0,
        }


def windows_in_words(recurrence: dict[str, Any] | None) -> str:
    """Such as `Mon, Sun at 02:00 for 60 min (Europe/Berlin)`; empty for a silence that always holds."""
    if recurrence is None:
        return ""
    days = ", ".join(DAYS[day] for day in sorted(recurrence["days"]))
    return f"{days} at {recurrence['start']} for {recurrence['minutes']} min ({recurrence['zone']})"
