"""Mail to people: where it goes, and links that lead to this server whatever the request's Host header says."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from accounts.delivery import NotNow, Refused, never_left

log = logging.getLogger("dattss.mail")

OUTBOX_BACKEND = "accounts.outbox.EmailBackend"


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
    if settings.EMAIL_BACKEND != OUTBOX_BACKEND:
        return ""
    return Path(settings.EMAIL_FILE_PATH).name


def send(template: str, addresses: Iterable[str], **context: Any) -> bool:
    """Sends a mail to each of the addresses: subject and text are `accounts/email/TEMPLATE_{subject,message}.txt`.

    Returns False where one could not be sent.
    """
    context["current_site"] = site()
    subject = " ".join(render_to_string(f"accounts/email/{template}_subject.txt", context).split())
    text = render_to_string(f"accounts/email/{template}_message.txt", context).strip() + "\n"
    sent = [_delivered(EmailMessage(f"DaTtSs: {subject}", text, to=[address])) for address in addresses]
    return all(sent)


def _delivered(message: EmailMessage) -> bool:
    try:
        deliver(message)
    except (Refused, NotNow):
        return False
    return True


def deliver(message: EmailMessage) -> str:
    """Hands a mail to one address over to the provider; returns the provider's id of it, where it gives one. Raises
    Refused or NotNow."""
    try:
        message.send()
    except (AnymailRecipientsRefused, AnymailInvalidAddress):
        raise _refused() from None
    except (OSError, AnymailError) as error:  # smtplib's errors are OSErrors
        if _for_ever(error):
            raise _refused() from None
        log.warning("A mail could not be sent: %s.", type(error).__name__)
        sentence = "The mail could not be sent right now. Try again in a minute."
        raise NotNow(sentence, answered=_answered(error)) from None
    return str(getattr(getattr(message, "anymail_status", None), "message_id", None) or "")


def _refused() -> Refused:
    return Refused("The mail provider refuses this address. Look whether it is written right.")


def _for_ever(error: Exception) -> bool:
    """Whether a mail server refused the address, or the mail, with a code that is not a passing one (RFC 5321,
    4.2.1)."""
    if isinstance(error, SMTPDataError):
        return bool(error.smtp_code >= 500)
    return isinstance(error, SMTPRecipientsRefused) and all(code >= 500 for code, _ in error.recipients.values())


def _answered(error: Exception) -> bool:
    """Whether it is sure that the mail was not taken: the server has said so, or was not even reached."""
    if isinstance(error, SMTPResponseException):
        return bool(error.smtp_code >= 400)  # below that it was no answer (RFC 5321, 4.2)
    if isinstance(error, SMTPException):
        return isinstance(error, SMTPRecipientsRefused)
    return getattr(error, "status_code", None) is not None or never_left(error.__cause__ or error)
