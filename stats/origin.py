"""Whether a websocket is opened by one of our own pages: browsers send our cookies along when others open it, too."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def from_own_page(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the `Origin` is that of PUBLIC_URL, or that of the very host and scheme which the socket is opened to.

    A host counts only where ALLOWED_HOSTS has it: a name that somebody lets point here is not ours.
    """
    origin = _split(headers.get(b"origin", b"").decode("latin-1").lower())
    public = urlsplit(settings.PUBLIC_URL.lower())
    if origin.netloc and (origin.scheme, origin.netloc) == (public.scheme, public.netloc):
        return True
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return origin.scheme in ("http", "https") and origin.netloc == host and _is_allowed(host)


def _is_allowed(host: str) -> bool:
    name, _ = split_domain_port(host)
    return bool(name) and validate_host(name, settings.ALLOWED_HOSTS)


def _split(origin: str) -> SplitResult:
    try:
        return urlsplit(origin)
    except ValueError:
        return urlsplit("")
