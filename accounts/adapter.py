"""What allauth asks this site: where links and redirects lead, and how mail leaves."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from anymail.exceptions import AnymailError
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import mail
from accounts.access import current_account
from accounts.client_address import address_of

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
        return address_of(request) or ""

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

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002
        # allauth counts failed log-ins per e-mail and Host header; a guesser would only have to change the header.
        return f"login:{credentials.get('email', '').lower()}"
