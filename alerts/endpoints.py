"""URLs that are told of incidents: which may be, and what signs what they get."""

import base64
import binascii
import secrets
from urllib.parse import urlsplit

from django.conf import settings

from accounts.delivery import Refused
from alerts.models import Endpoint, Notification

_PREFIX = "whsec_"
_SECRET_BYTES = 24
MOST_LETTERS = 500


class BadUrl(ValueError):
    """A URL that cannot be told of anything; `sentence` says why, for who entered it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def of(notification: Notification) -> Endpoint:
    """Where a message goes to. Raises accounts.delivery.Refused where that was removed meanwhile."""
    if notification.endpoint is None:
        raise Refused("The endpoint was removed.")
    return notification.endpoint


def new_secret() -> str:
    """A secret for an endpoint, in the form that libraries for Standard Webhooks read."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signing_key(secret: str) -> bytes:
    """The key in such a secret. Raises ValueError where it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("this endpoint has no secret to sign with")
    return key


def check_url(url: str) -> str:
    """The URL as it is kept. Raises BadUrl. Where its name leads to changes: that is looked at with each message."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadUrl("This is no URL.") from None
    if len(url) > MOST_LETTERS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise BadUrl(f"A URL has at most {MOST_LETTERS} plain letters and no spaces.")
    if parts.username is not None or parts.password is not None:
        raise BadUrl("A name and a password do not belong into the URL.")
    if not parts.hostname:
        raise BadUrl("The URL has no host.")
    if parts.scheme != "https" and not (settings.DATTSS_PRIVATE_WEBHOOKS and parts.scheme == "http"):
        raise BadUrl("The URL must begin with https:.")
    return url
