"""Forms of the contacts' pages."""

import re

from django import forms

from accounts.codes import DIGITS
from accounts.models import Medium
from accounts.phones import PhoneError, read_phone


class EmailContactForm(forms.Form):
    """An e-mail address; `cleaned_data["address"]` has it in lower case, as log-in addresses are kept."""

    medium = Medium.EMAIL

    address = forms.EmailField(
        max_length=254,
        label="E-mail address",
        help_text="A code is mailed there, unless it is a confirmed address that you log in with.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).lower()


class PhoneContactForm(forms.Form):
    """A phone number; `cleaned_data["address"]` has it in the form of E.164."""

    medium = Medium.PHONE

    address = forms.CharField(
        max_length=40,
        label="Phone number",
        help_text="With the code of the country, as in +49 30 901820. A code is sent by SMS; a landline is called.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def clean_address(self) -> str:
        try:
            return read_phone(self.cleaned_data["address"]).e164
        except PhoneError as error:
            raise forms.ValidationError(str(error)) from None


class CodeForm(forms.Form):
    """The code that was sent."""

    code = forms.CharField(
        max_length=20,
        label="Code",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "code", "autofocus": True}
        ),
    )

    def clean_code(self) -> str:
        digits = re.sub(r"[\s.,-]", "", self.cleaned_data["code"])
        if not re.fullmatch(f"[0-9]{{{DIGITS}}}", digits):
            raise forms.ValidationError(f"A code has {DIGITS} digits.")
        return digits
