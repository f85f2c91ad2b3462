"""The form of the page of reports."""

from django import forms

from reports.models import Subscription


class ReportForm(forms.Form):
    """How often."""

    every = forms.ChoiceField(
        required=False, label="Mail me a report", choices=Subscription.Every.choices, widget=forms.RadioSelect
    )
