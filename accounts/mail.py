"""Mail to people: where it goes, and links that lead to this server whatever the request's Host header says."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

logger = logging.getLogger("dattss.accounts")

FILE_BACKEND = "django.core.mail.backends.filebased.EmailBackend"


@dataclass(frozen=True, slots=True)
class Site:
    """This server, as mails name it."""

    name: str
    domain: str


def site() -> Site:
    return Site(name="DaTtSs", domain=urlsplit(settings.PUBLIC_URL).netloc)


def public_link(url: str) -> str:
    """`url`, absolute or only a path, with the scheme, host and path prefix of PUBLIC_URL.

    A link made from the request would carry a Host header that anybody may have written: whoever asks for a reset in
    somebody's name could have the secret of the link delivered to a server of his own.
    """
    public = urlsplit(settings.PUBLIC_URL)
    given = urlsplit(url)
    return urlunsplit((public.scheme, public.netloc, public.path.rstrip("/") + given.path, given.query, given.fragment))


def outbox() -> str:
    """The name of the folder that mail is written to where no mail provider is set; empty where mail goes out."""
    if settings.EMAIL_BACKEND != FILE_BACKEND:
        return ""
    return Path(settings.EMAIL_FILE_PATH).name


def send(template: str, addresses: Iterable[str], **context: Any) -> bool:
    """Sends a mail to each of the addresses: subject and text are `accounts/email/TEMPLATE_{subject,message}.txt`.

    Returns False where one could not be sent; the log says why.
    """
    context["current_site"] = site()
    subject = " ".join(render_to_string(f"accounts/email/{template}_subject.txt", context).split())
    text = render_to_string(f"accounts/email/{template}_message.txt", context).strip() + "\n"
    sent = [_sent(template, EmailMessage(f"DaTtSs: {subject}", text, to=[address])) for address in addresses]
    return all(sent)


def _sent(template: str, message: EmailMessage) -> bool:
    try:
        message.send()
    except (OSError, AnymailError):  # smtplib's errors are OSErrors
        logger.exception("A mail could not be sent (%s).", template)
        return False
    return True
