"""What the mails say that were sent in this process."""

import re
from urllib.parse import urlsplit

from django.core import mail

LINK = re.compile(r"https?://\S+")


def links_of(number: int = -1) -> list[str]:
    """The links of a mail, the last one where none is named."""
    return LINK.findall(str(mail.outbox[number].body))


def mailed_path(number: int = -1) -> str:
    """The path of the first link."""
    return urlsplit(links_of(number)[0]).path
