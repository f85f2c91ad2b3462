"""Mail to people: where it goes, and links that lead to this server whatever the request's Host header says."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

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
