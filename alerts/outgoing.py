"""Posts to URLs that people of accounts entered: nobody may reach by them what only this machine can reach.

A name is resolved when the connection is made, and the connection goes to the very address that was looked at: a name
that leads elsewhere a moment later changes nothing. Redirects are not followed.
"""

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError

from accounts.delivery import NotNow, Refused, never_left

TIMEOUT = (5.0, 10.0)  # seconds to connect, and between two bytes of the answer
MOST_SECONDS = 30.0  # for all of it: who answers a byte now and then holds a sender no longer
_PASSING = (408, 425, 429)


class PrivateAddressError(Exception):
    """The host's name leads to an address that is not on the Internet."""


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Posts JSON. Raises Refused where that will never do, NotNow where it may later."""
    headers = {"Content-Type": "application/json", "User-Agent": "DaTtSs", **headers}
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy, no passwords of this machine
            session.mount("http://", _Adapter())
            session.mount("https://", _Adapter())
            with session.post(
                url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as response:
                status = response.status_code
    except PrivateAddressError:
        raise Refused("The URL leads to an address inside of a network, which is not allowed here.") from None
    except requests.exceptions.InvalidURL:
        raise Refused("This is no URL.") from None
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise NotNow("The URL does not answer.", answered=never_left(error)) from None
    _judge(status)


def _judge(status: int) -> None:
    if status in _PASSING or status >= 500:
        raise NotNow(f"The URL answered with HTTP status {status}.", answered=True)
    if not 200 <= status < 300:
        raise Refused(f"The URL answered with HTTP status {status}.")


def _public_address(host: str, port: int) -> str:
    """An address that the name leads to. Raises PrivateAddressError where one of them is not public."""
    found = [str(known[4][0]) for known in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not settings.DATTSS_PRIVATE_WEBHOOKS and not all(_is_public(address) for address in found):
        raise PrivateAddressError(host)
    return found[0]


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = (getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)) or parsed
    return parsed.is_global and inner.is_global and not inner.is_multicast


class _Limit:
    """Cuts a connection after `MOST_SECONDS`, unless it is lifted before."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected.dup()  # of its own, since TLS takes the other one over
        self._timer = threading.Timer(MOST_SECONDS, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def lift(self) -> None:
        self._timer.cancel()
        self._socket.close()

    def _cut(self) -> None:
        with suppress(OSError):  # it has ended in this moment
            self._socket.shutdown(socket.SHUT_RDWR)


class _Pinned:
    """Connects to the address that was looked at; the name stays in what TLS and HTTP say. The connection is cut after
    `MOST_SECONDS`."""

    _dns_host: str
    port: int
    _limit: "_Limit | None" = None

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            self._dns_host = _public_address(name, self.port)
            connected: socket.socket = super()._new_conn()  # type: ignore[misc]  # urllib3's, of the other base
        except socket.gaierror as error:
            raise NameResolutionError(name, self, error) from error  # type: ignore[arg-type]
        finally:
            self._dns_host = name
        self._limit = _Limit(connected)
        return connected

    def close(self) -> None:
        if self._limit is not None:
            self._limit.lift()
            self._limit = None
        super().close()  # type: ignore[misc]  # urllib3's, of the other base


class _PlainConnection(_Pinned, HTTPConnection):
    pass


class _TlsConnection(_Pinned, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
