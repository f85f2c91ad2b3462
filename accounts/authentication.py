"""Who is calling the API: `Authorization: Bearer READ_KEY`."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts.access import Access, access_for_read_key, bearer_key
from accounts.client_address import address_of


class ReadKeyAuthentication(BaseAuthentication):
    """Puts the key's `Access` into `request.auth`; the user stays anonymous, for a key is nobody.

    401 for an unknown or ended key, 429 for who tries many, 403 for an ingest key. Requests without a Bearer header are
    left to the next authentication; named first in the settings, its header also turns DRF's 403 for strangers into
    401.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Access] | None:
        raw = bearer_key(get_authorization_header(request))
        if raw is None:
            return None
        return AnonymousUser(), access_for_read_key(raw, address_of(request._request))

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  (DRF's signature)
        return "Bearer"
