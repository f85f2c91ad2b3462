"""allauth's pages that are our own: the confirmation and change of the e-mail address, and the sessions."""

from typing import Any

from allauth.account.decorators import verified_email_required
from allauth.account.views import ConfirmEmailView, EmailView
from allauth.usersessions.views import ListUserSessionsView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import person_of
from accounts.models import AuditEntry
from accounts.sessions import browser_in

SHOWN_ENTRIES = 20


class ConfirmationView(ConfirmEmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's page behind the link in the mail."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(*args, **kwargs)  # type: ignore[no-any-return]
        except Http404:
            # Used already, perhaps by the first half of a double click: the page says so.
            return super().get(*args, **kwargs)  # type: ignore[no-any-return]


class AddressView(EmailView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of e-mail addresses, on which a person has one address and may change it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "action_primary" in request.POST:
            return redirect("account_email")
        return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]


class SessionsView(ListUserSessionsView):  # type: ignore[misc]  # allauth has no types
    """allauth's page of sessions, with the last things that happened to the person's log-in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        own = AuditEntry.objects.filter(user=person_of(self.request), account=None)
        sessions = [(session, browser_in(session.user_agent)) for session in context["sessions"]]
        return {**context, "sessions": sessions[::-1], "entries": own.order_by("-at")[:SHOWN_ENTRIES]}


confirmation = ConfirmationView.as_view()
address = verified_email_required(AddressView.as_view())
sessions = SessionsView.as_view()
