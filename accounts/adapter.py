"""What allauth asks this site: where links and redirects lead, and how mail leaves."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from anymail.exceptions import AnymailError
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import access_news, log_in_events, mail
from accounts.access import current_account, person_of
from accounts.addresses import is_free
from accounts.client_address import address_of
from accounts.models import User
from accounts.sessions import browser_in
from accounts.sign_up import open_for_newcomer, show_first_key

logger = logging.getLogger("dattss.accounts")

LONGEST_ADDRESS = 254  # RFC 5321, and the length of the column
LINKS_IN_MAILS = ("activate_url", "password_reset_url", "signup_url")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sends people to their dashboard, and trusts no Host header in links, redirects and limits."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        account = current_account(request)
        if account is None:
            return resolve_url(settings.LOGIN_REDIRECT_URL)
        return reverse("dashboard", args=[account.pk])

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:  # noqa: ARG002
        """After the change of an address its page; in a browser that is not logged in, the log-in."""
        return reverse("account_email" if self.request.user.is_authenticated else "account_login")

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        """Opens the account of whoever logs in for the first time: right after the address is confirmed, or later."""
        opened = open_for_newcomer(request, user)
        response: HttpResponse = super().post_login(request, user, **hooks)
        if opened is not None:
            show_first_key(response, opened)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Logs out, and closes what the browser still has open."""
        user = person_of(request)
        super().logout(request)
        access_news.tell_of(user)  # not by Django's signal: there the session still lives

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        if not is_free(email_address.email, email_address.user):
            refusal = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, refusal, {"email": email_address.email})
            return False
        return bool(super().confirm_email(request, email_address))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log_in_events.note_failed_log_in(request, credentials.get("email", ""))

    def is_safe_url(self, url: str | None) -> bool:
        """Only this very site: allauth would also follow a link to any of ALLOWED_HOSTS, such as `http://localhost`."""
        own = {self.request.get_host(), mail.site().domain}
        return url_has_allowed_host_and_scheme(url, allowed_hosts=own, require_https=self.request.is_secure())

    def clean_email(self, email: str) -> str:
        """Refuses what does not fit its column: allauth would cut the address off and keep another one."""
        if len(email) > LONGEST_ADDRESS:
            raise ValidationError(f"The address may have {LONGEST_ADDRESS} characters.")
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits count by; all who have none count as one."""
        return address_of(request) or "0.0.0.0"

    def get_http_user_agent(self, request: HttpRequest) -> str:
        """For mails: what people call their browser."""
        return browser_in(request.META.get("HTTP_USER_AGENT", ""))

    def format_email_subject(self, subject: str) -> str:
        return f"DaTtSs: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends a mail; where the provider refuses, the page says so, and the request goes on."""
        links = {name: mail.public_link(context[name]) for name in LINKS_IN_MAILS if name in context}
        try:
            super().send_mail(template_prefix, email, {**context, **links, "current_site": mail.site()})
        except (OSError, AnymailError):  # smtplib's errors are OSErrors
            logger.exception("A mail could not be sent (%s).", template_prefix)
            messages.error(self.request, "The mail could not be sent. Try again later, or tell who runs this server.")

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tells a person of a change; the mail says where to go if it was somebody else."""
        reset = {"password_reset_url": reverse("account_reset_password")}
        super().send_notification_mail(template_prefix, user, {**reset, **(context or {})}, email)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        # allauth counts failed log-ins per e-mail and Host header; a guesser would only have to change the header.
        return f"login:{credentials.get('email', '').lower()}"
