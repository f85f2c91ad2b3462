"""Plain requests with a body, each read at one look.

Twisted takes a request line by line, and makes objects of each: that costs more than a commit does itself. What is read
here is no second understanding of HTTP: only requests that can be understood in one way are, and all others are
Twisted's, whatever is the matter with them.
"""

import re
from typing import NamedTuple

MOST_HEAD = 8192  # bytes; Twisted refuses from 16 KiB on
_HEAD = re.compile(rb"(PUT|POST) (/[!-~]*+) HTTP/1\.1\r\n((?:[A-Za-z0-9-]++:[ -~]*+\r\n){1,50}+)\r\n")
_LENGTH = re.compile(rb"[0-9]{1,7}")
# Headers that change how a request is to be read or answered.
_SPECIAL = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"trailer"))


class Plain(NamedTuple):
    """The head of a request: headers by their names in lower case, each of which came once. The body lies between
    `begin` and `end` of the data, which may not be there yet."""

    method: bytes
    path: bytes
    query: bytes
    headers: dict[bytes, bytes]
    begin: int
    end: int


def read(data: bytes) -> Plain | None:
    """The plain request that the data begins with; None where there is none, or not its whole head."""
    head = _HEAD.match(data, 0, MOST_HEAD)
    if head is None:
        return None
    headers = _headers(head[3])
    length = headers.get(b"content-length", b"")
    if not _LENGTH.fullmatch(length) or headers.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    path, _, query = head[2].partition(b"?")
    return Plain(head[1], path, query, headers, head.end(), head.end() + int(length))


def _headers(lines: bytes) -> dict[bytes, bytes]:
    """The headers; none where one came twice or is out of the ordinary."""
    headers = {}
    each = lines.split(b"\r\n")[:-1]
    for line in each:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip(b" ")
    return headers if len(headers) == len(each) and _SPECIAL.isdisjoint(headers) else {}
