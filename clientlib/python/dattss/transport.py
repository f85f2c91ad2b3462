"""One commit over HTTP: a connection that is kept, an answer, or `UnreachableError`."""

from __future__ import annotations

import gzip
import http.client
import json
import os
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

VERSION = "0.1.0"
_WORTH_PACKING = 1024  # bytes; a smaller body fits into one network packet anyway
_PACKING = 4  # compression level: half the time of the usual 6, and 3 % larger
_LONGEST_ANSWER = 65_536


class UnreachableError(Exception):
    """No answer: whether the commit arrived is unknown."""


class Answer(NamedTuple):
    """What the server said. `retry_after` in seconds, from now; `body` is empty where the answer is no JSON object."""

    status: int
    body: dict[str, Any]
    retry_after: float | None
    location: str | None


class Transport:
    """Sends to `PUT {url}/agg`. Not for several threads at once. ValueError for a URL that is none."""

    def __init__(self, url: str, auth: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http:// or https:// address: {url!r}")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._address = (parts.hostname, parts.port)
        self._path = parts.path.rstrip("/") + "/agg"
        self._headers = {
            "Authorization": f"Bearer {auth}",
            "Content-Type": "application/json",
            "User-Agent": f"dattss-python/{VERSION}",
        }
        self._connection: http.client.HTTPConnection | None = None

    def put(self, commit: dict[str, Any], timeout: float) -> Answer:
        """Sends the commit; the server has `timeout` seconds for each step. Raises UnreachableError."""
        body = json.dumps(commit, separators=(",", ":"), allow_nan=False).encode()
        headers = self._headers
        if len(body) >= _WORTH_PACKING:
            body = gzip.compress(body, _PACKING)
            headers = {**headers, "Content-Encoding": "gzip"}
        kept = self._connection is not None
        try:
            return self._exchange(body, headers, timeout)
        except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: a host name that is none
            if not (kept and isinstance(error, ConnectionError)):
                raise UnreachableError(str(error) or type(error).__name__) from error
        # The server closed a connection that we had kept: that is no failure yet. The commit's number keeps it from
        # being counted twice in case it did arrive.
        return self.put(commit, timeout)

    def close(self) -> None:
        """Closes the connection, if there is one; `put` opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abandon(self) -> None:
        """Gives up the connection in a forked child; the parent goes on using it.

        It may not be closed: the parent's thread may have been in the middle of reading, and then the reader's lock is
        held for ever in the child. Its descriptor is taken away from below, and what is above is never used again.
        """
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            descriptor = connection.sock.detach()
            if descriptor >= 0:
                os.close(descriptor)

    def _exchange(self, body: bytes, headers: dict[str, str], timeout: float) -> Answer:
        try:
            connection = self._open(timeout)
            connection.request("PUT", self._path, body, headers)
            response = connection.getresponse()
            text = response.read(_LONGEST_ANSWER)
        except BaseException:
            self.close()  # half an exchange must not become the beginning of the next one
            raise
        if not response.isclosed() or response.will_close:
            response.close()
            self.close()
        retry_after = _seconds(response.getheader("Retry-After"), response.getheader("Date"))
        return Answer(response.status, _object(text), retry_after, response.getheader("Location"))

    def _open(self, timeout: float) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._kind(*self._address, timeout=timeout)
        self._connection.timeout = timeout
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        return self._connection


def _object(text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(header: str | None, date: str | None) -> float | None:
    """`Retry-After`: a number of seconds, or a date, which is compared with the server's own clock."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header[:9])
    try:
        return (parsedate_to_datetime(header) - parsedate_to_datetime(date or "")).total_seconds()
    except (TypeError, ValueError):
        return None
