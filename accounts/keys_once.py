"""A raw key on its way from the request that made it to the one page that shows it, without a copy on the server.

It travels in a signed cookie that only the pages of its account get, that scripts cannot read, and that ends after five
minutes or when it was shown, whichever comes first.
"""

from dataclasses import asdict, dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.models import ApiKey

COOKIE = "dattss_new_key"
SALT = "accounts.keys_once"
SECONDS = 300


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: all of its text, its label, and its scope (`ingest` or `read`)."""

    raw: str
    label: str
    scope: str


def hand_over(response: HttpResponseBase, key: ApiKey, raw: str) -> None:
    """Lets the next page of the key's account show it: `response` is the redirect to that page."""
    new = NewKey(raw, key.label, key.scope)
    response.set_cookie(
        COOKIE,
        signing.dumps({"account": key.account_id, **asdict(new)}, salt=SALT),
        max_age=SECONDS,
        path=_path(key.account_id),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def new_key_from(request: HttpRequest, account_id: int) -> NewKey | None:
    """The key that was handed over to this page; None where there is none, it is too old, forged or another account's.

    The view that shows it calls `forget_new_key` on its response.
    """
    try:
        handed = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    if handed.pop("account") != account_id:
        return None
    return NewKey(**handed)


def forget_new_key(response: HttpResponseBase, account_id: int) -> None:
    """Deletes the cookie, so that a reload does not show the key again."""
    response.delete_cookie(COOKIE, path=_path(account_id), samesite="Lax")


def _path(account_id: int) -> str:
    return f"/a/{account_id}/"
