"""The address that a request came from, also behind load balancers."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_address(peer: str | None, forwarded: str) -> str | None:
    """The client's IP address; None where nothing says it.

    `peer` is the other end of the connection, `forwarded` the `X-Forwarded-For` header. Each of the
    `TRUSTED_PROXIES` in front of this server has added one address to the header, at its end; what stands before
    these is anybody's word.
    """
    hops = [hop.strip() for hop in forwarded.split(",")] if settings.TRUSTED_PROXIES else []
    told = hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES > 0 else peer
    return _valid(told) or _valid(peer)


def address_of(request: HttpRequest | Request) -> str | None:
    """The client's IP address of a Django request."""
    return client_address(request.META.get("REMOTE_ADDR"), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def _valid(text: str | None) -> str | None:
    try:
        return str(ip_address(text or ""))
    except ValueError:
        return None
