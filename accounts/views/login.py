"""allauth's pages that are our own: sign-up and e-mail addresses."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import EmailView, SignupView
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.forms import AddressTakenError, OpenAccountForm
from accounts.keys_once import hand_over


class OpenAccountView(SignupView):  # type: ignore[misc]  # allauth has no types
    """allauth's sign-up, which also opens an account and hands its first key to the next page."""

    form_class = OpenAccountForm

    def form_valid(self, form: OpenAccountForm) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except AddressTakenError:
            form.add_error("email", get_adapter().validation_error("email_taken"))
            return self.form_invalid(form)  # type: ignore[no-any-return]
        if form.opened is not None:
            hand_over(response, form.opened.key, form.opened.raw)
        return response


class AddressesView(EmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of e-mail addresses, where anybody may enter any address as long as it stays unconfirmed."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                response: HttpResponse = super().post(request, *args, **kwargs)
        except IntegrityError:
            # Made the main address, it would become the user's own, and that of somebody else is taken.
            messages.error(request, "This address belongs to somebody else. Nothing was changed.")
            return redirect("account_email")
        return response


sign_up = OpenAccountView.as_view()
addresses = AddressesView.as_view()
