"""The form of a rule: every field of every kind of condition, of which a page shows those of the chosen kind."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import Account
from alerts import ways
from alerts.changes import ChangeError, RuleDraft
from alerts.models import Rule, TargetKind

KINDS = {
    "above": "Above a limit",
    "below": "Below a limit",
    "unlike_typical": "Unlike what is usual",
    "stopped_working": "Stopped working",
    "stopped_responding": "Stopped responding",
    "errors": "Errors",
}
MEASURES = ("value", "average", "rate", "sum", "min", "max", "p50", "p90", "p95", "p99", "p99.9")
# The fields that a kind has; an empty one takes its default.
FIELDS: dict[str, tuple[str, ...]] = {
    "above": ("measure", "limit", "until", "minutes", "of", "recovery_minutes"),
    "below": ("measure", "limit", "until", "minutes", "of", "recovery_minutes"),
    "unlike_typical": ("side", "width", "percent", "minutes", "of", "recovery_minutes"),
    "stopped_working": ("minutes",),
    "stopped_responding": ("seconds", "recovery_seconds"),
    "errors": ("on", "limit", "minutes", "of", "recovery_minutes"),
}
_OF_A_RATE = ("limit", "minutes", "of")  # an event of a group needs none of them
_BIGGEST = 2**31


def _whole(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, max_value=_BIGGEST, help_text=help_text)


def _number(label: str, help_text: str = "") -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": "any"})
    return forms.FloatField(label=label, required=False, widget=widget, help_text=help_text)


class RuleForm(forms.Form):
    """What a rule is about, what must not be, and who is told."""

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    target_kind = forms.ChoiceField(choices=TargetKind.choices, label="On a")
    target = forms.CharField(
        max_length=300, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "list": "targets"})
    )
    kind = forms.ChoiceField(choices=list(KINDS.items()), label="Tell when it is")
    on = forms.ChoiceField(
        choices=[("new", "a new group"), ("regression", "a group comes back"), ("rate", "more than a limit")],
        required=False,
        label="Tell of",
    )
    measure = forms.CharField(
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"list": "measures", "autocomplete": "off"}),
        help_text="Empty: value. Also average, rate, sum, min, max, p0 to p100.",
    )
    side = forms.ChoiceField(
        choices=[("both", "too much or too little"), ("above", "too much"), ("below", "too little")],
        required=False,
        label="Which is bad",
    )
    limit = _number("Limit", "Of a minute. Drag it on the plot.")
    until = _number("Well again at", "Empty: at the limit.")
    width = _number("Width of the band", "1 is the band that plots draw.")
    percent = _number("Per cent of the average week", "Empty: the band counts.")
    seconds = _whole("Silent for, seconds", "Empty: 30.")
    minutes = _whole("For, minutes", "Empty: a minute; for “stopped working”, longer than usual at this hour.")
    of = _whole("Of, minutes", "Empty: in a row.")
    recovery_minutes = _whole("Over after, minutes")
    recovery_seconds = _whole("Over after, seconds")
    enabled = forms.BooleanField(required=False, initial=True, label="Watches")

    def __init__(self, account: Account, data: Mapping[str, Any] | None = None, rule: Rule | None = None) -> None:
        super().__init__(data, initial=None if rule is None else _filled(rule))
        chosen = [(str(one.pk), one.name) for one in ways.escalations_of(account)]
        self.fields["escalation"] = forms.ChoiceField(
            required=False, label="Tell by", choices=[("", "nothing: only show it"), *chosen]
        )

    def draft(self) -> RuleDraft:
        """What a valid form says."""
        given = self.cleaned_data
        return RuleDraft(
            name=given["name"],
            target_kind=given["target_kind"],
            target=given["target"].strip(),
            condition={"kind": given["kind"], **self._fields_of(given["kind"])},
            escalation=int(given["escalation"]) if given["escalation"] else None,
            enabled=given["enabled"],
        )

    def blame(self, error: ChangeError) -> None:
        """Shows what is wrong beside its field."""
        field = error.field.removeprefix("condition.")
        self.add_error(field if field in self.fields else None, str(error))

    def of_conditions(self) -> list[tuple[str, forms.BoundField]]:
        """The fields of conditions, each with the kinds that have it, as a text."""
        kinds = {name: " ".join(kind for kind, own in FIELDS.items() if name in own) for name in self.fields}
        return [(text, self[name]) for name, text in kinds.items() if text]

    def _fields_of(self, kind: str) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(name) for name in FIELDS[kind]}
        if kind == "errors" and given["on"] != "rate":
            given = {name: value for name, value in given.items() if name not in _OF_A_RATE}
        return {name: value for name, value in given.items() if value not in (None, "")}


def _filled(rule: Rule) -> dict[str, Any]:
    own = {"name": rule.name, "target_kind": rule.target_kind, "target": rule.target, "enabled": rule.enabled}
    return {**own, **rule.condition, "escalation": str(rule.escalation_id or "")}
