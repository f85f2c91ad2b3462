"""Forms of escalations, their steps, and endpoints."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from alerts.models import EndpointKind, Escalation, EscalationStep
from alerts.ways import (
    LATEST_STEP,
    MOST_REPEAT_MINUTES,
    MOST_REPEATS,
    MOST_STEPS,
    EscalationDraft,
    StepDraft,
    Way,
    key_of,
)

_EMPTY_STEPS = 3  # that a form offers beyond those that there are


def _name() -> forms.CharField:
    return forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class EscalationForm(forms.Form):
    """The name of an escalation, and how often its steps are taken again."""

    name = _name()
    repeat_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_REPEAT_MINUTES,
        label="Again after, minutes",
        help_text="Empty: never.",
    )
    most_repeats = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_REPEATS, label="At most, times", help_text="Empty: once."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, escalation: Escalation | None = None) -> None:
        initial = None
        if escalation is not None:
            repeats = escalation.repeat_minutes > 0
            initial = {
                "name": escalation.name,
                "repeat_minutes": escalation.repeat_minutes if repeats else None,
                "most_repeats": escalation.most_repeats if repeats else None,
            }
        super().__init__(data, initial=initial)

    def draft(self, steps: Sequence[StepDraft]) -> EscalationDraft:
        """What a valid form says, with these steps."""
        given = self.cleaned_data
        minutes = given["repeat_minutes"] or 0
        return EscalationDraft(given["name"], steps, minutes, (given["most_repeats"] or 1) if minutes else 0)


class StepForm(forms.Form):
    """A step; one without a way is none."""

    after = forms.FloatField(
        required=False,
        min_value=0,
        max_value=LATEST_STEP / 60,
        label="After, minutes",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    way = forms.ChoiceField(required=False, label="By")

    def __init__(self, *args: Any, ways: Sequence[Way], **more: Any) -> None:
        super().__init__(*args, **more)
        self._ways = {one.key: one for one in ways}
        choices = [("", "no step"), *((key, one.shown) for key, one in self._ways.items())]
        self.fields["way"] = forms.ChoiceField(required=False, label="By", choices=choices)

    def draft(self) -> StepDraft | None:
        """What a valid form says; None for no step."""
        way = self._ways.get(self.cleaned_data.get("way", ""))
        return None if way is None else StepDraft(round((self.cleaned_data["after"] or 0) * 60), way)


class EndpointForm(forms.Form):
    """A URL that is told of incidents."""

    kind = forms.ChoiceField(
        choices=[(EndpointKind.WEBHOOK, "Webhook"), (EndpointKind.SLACK, "Slack, or what takes the same")],
        label="Endpoint",
    )
    name = _name()
    url = forms.CharField(max_length=500, label="URL", widget=forms.TextInput(attrs={"autocomplete": "off"}))


class EndpointChangeForm(forms.Form):
    """Another name or URL. The URL that there is may be a secret, so it is not shown."""

    name = _name()
    url = forms.CharField(
        max_length=500,
        required=False,
        label="Another URL",
        help_text="Empty: it stays.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def step_forms(ways: Sequence[Way], data: Mapping[str, Any] | None = None, escalation: Escalation | None = None) -> Any:
    """The steps of an escalation, and some more to fill in: a formset."""
    initial = [] if escalation is None else [_filled(step) for step in escalation.steps.all()]
    formset = forms.formset_factory(
        StepForm, extra=min(_EMPTY_STEPS, MOST_STEPS - len(initial)), max_num=MOST_STEPS, absolute_max=MOST_STEPS
    )
    return formset(data, initial=initial, form_kwargs={"ways": ways}, prefix="steps")


def _filled(step: EscalationStep) -> dict[str, str]:
    return {"after": f"{step.after_seconds / 60:g}", "way": key_of(step)}
