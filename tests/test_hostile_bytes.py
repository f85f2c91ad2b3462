"""Bytes that no browser sends, to a real server on PostgreSQL: an answer or a closed connection, never a 5xx."""

import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from dattss_site.incoming import MOST_DISCARDED
from tests.postgres_server import Postgres
from tests.server import Server
from tests.web_browser import WebBrowser

HOST = b"Host: 127.0.0.1\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
REQUESTS = {
    "NUL in a path": b"GET /clients/%00 HTTP/1.1\r\n" + HOST,
    "NUL in a path of allauth": b"GET /accounts/confirm-email/%00/ HTTP/1.1\r\n" + HOST,
    "NUL in a key of allauth": b"GET /accounts/password/reset/key/1-%00/ HTTP/1.1\r\n" + HOST,
    "NUL in a path of the API": b"GET /api/v1/stats/a/c/%00/day/ HTTP/1.1\r\n" + HOST,
    "NUL in a query": b"GET /accounts/login/?next=%00 HTTP/1.1\r\n" + HOST,
    "NUL in a session": b'GET / HTTP/1.1\r\nCookie: dattss_session="aaaaaaaaaaaaaaaa\\000"\r\n' + HOST,
    "NUL in a websocket's session": b'GET /ws/live/ HTTP/1.1\r\nCookie: dattss_session="aaaaaaaa\\000"\r\n'
    + HOST
    + UPGRADE,
    "bytes in a session": b"GET / HTTP/1.1\r\nCookie: dattss_session=\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\r\n" + HOST,
    "NUL in a header": b"GET / HTTP/1.1\r\nX-A: a\x00b\r\n" + HOST,
    "a surrogate in a path": b"GET /accounts/confirm-email/%ED%A0%80/ HTTP/1.1\r\n" + HOST,
    "bytes in a path": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST,
    "bytes in a query": b"GET /?a=\xff HTTP/1.1\r\n" + HOST,
    "bytes in the method": b"G\xc9T / HTTP/1.1\r\n" + HOST,
    "a strange method": b"BREW / HTTP/1.1\r\n" + HOST,
    "TRACE": b"TRACE / HTTP/1.1\r\n" + HOST,
    "another root path": b"GET /accounts/login/ HTTP/1.1\r\nDaphne-Root-Path: \xff\r\n" + HOST,
    "a strange host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
    "no host": b"GET / HTTP/1.1\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + HOST,
    "bytes in the host": b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n",
    "a bad host": b"GET / HTTP/1.1\r\nHost: [::1\r\n",
    "a long line": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST,
    "a long header": b"GET / HTTP/1.1\r\nX-A: " + b"a" * 20_000 + b"\r\n" + HOST,
    "many headers": b"GET / HTTP/1.1\r\n" + b"X-A: a\r\n" * 600 + HOST,
    "two lengths": b"POST /agg HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + HOST,
    "a length that is none": b"POST /agg HTTP/1.1\r\nContent-Length: -1\r\n" + HOST,
    "a length and chunks": b"POST /agg HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n" + HOST,
    "a websocket nowhere": b"GET /ws/nowhere/ HTTP/1.1\r\n" + HOST + UPGRADE,
    "a websocket of pages": b"GET /accounts/login/ HTTP/1.1\r\n" + HOST + UPGRADE,
    "a websocket with bytes": b"GET /ws/live/ HTTP/1.1\r\nSec-WebSocket-Protocol: \xff\r\n" + HOST + UPGRADE,
    "a websocket with NUL": b"GET /ws/live/?account=%00 HTTP/1.1\r\n" + HOST + UPGRADE,
    "a websocket with a strange origin": b"GET /ws/live/ HTTP/1.1\r\nOrigin: http://[\r\n" + HOST + UPGRADE,
    "half a websocket": b"GET /ws/live/ HTTP/1.1\r\nUpgrade: websocket\r\n" + HOST,
    "a form that is none": b"POST /accounts/login/ HTTP/1.1\r\nContent-Type: multipart/form-data\r\n"
    b"Content-Length: 3\r\n" + HOST + b"\r\nabc",
    "a charset that is none": b"POST /accounts/login/ HTTP/1.1\r\nContent-Type: text/html; charset=\xff\r\n"
    b"Content-Length: 0\r\n" + HOST,
}
FORMS = {
    "/accounts/login/": {"login": "a\0@example.org", "password": "a\0b"},
    "/accounts/signup/": {"email": "a\0@example.org", "password1": "correct\0horse", "team": "\0"},
    "/accounts/password/reset/": {"email": "a\0@example.org"},
    "/accounts/email/": {"email": "a\0@example.org", "action_add": ""},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    postgres = Postgres()
    server = Server(tmp_path_factory.mktemp("hostile") / "data", DATABASE_URL=postgres.url).start()
    server.new_account("alice@example.org")
    yield server
    server.stop()
    postgres.end()


@pytest.mark.parametrize("name", REQUESTS)
def test_no_bytes_make_an_error_of_ours(server: Server, name: str) -> None:
    answer = send(server, REQUESTS[name])
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    assert status < 500, answer[:500]
    assert b"Traceback" not in answer
    assert b"evil.example" not in answer.partition(b"\r\n\r\n")[0]
    assert server.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("path", FORMS)
def test_a_nul_in_a_field_is_refused_by_its_form(server: Server, path: str) -> None:
    browser = WebBrowser(server)
    if path == "/accounts/email/":
        browser.log_in("alice@example.org")
    response = browser.submit(
        path, **{"token_from": "/accounts/logout/"} if path == "/accounts/email/" else {}, **FORMS[path]
    )
    assert response.status_code == 200
    assert "Null characters are not allowed" in response.text or "valid" in response.text


@pytest.mark.parametrize("path", ["/agg", "/accounts/login/", "/nowhere"])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_without_end_is_cut_off(server: Server, path: str, announced: bool) -> None:
    """What is larger than any commit is neither kept nor waited for."""
    head = b"POST %b HTTP/1.1\r\n" % path.encode() + HOST
    head += b"Content-Length: %d\r\n\r\n" % (1 << 40) if announced else b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"a" * 65_536
    piece = chunk if announced else b"%x\r\n%b\r\n" % (len(chunk), chunk)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(head)
        assert sent_before_the_end(connection, piece) < 2 * MOST_DISCARDED
    assert server.request("GET", "/healthz").status == 200


def test_a_form_that_is_too_large_is_refused(server: Server) -> None:
    response = WebBrowser(server).submit("/accounts/login/", login="a" * 400_000, password="x")
    assert response.status_code in (400, 413)


def sent_before_the_end(connection: socket.socket, piece: bytes) -> int:
    """How many bytes the other side takes before it ends the connection, up to 256 MiB."""
    sent = 0
    with suppress(OSError):
        while sent < 1 << 28:
            connection.sendall(piece)
            sent += len(piece)
    return sent


def send(server: Server, request: bytes) -> bytes:
    """The first bytes of what is answered; none where the connection is closed without an answer."""
    request = request if b"\r\n\r\n" in request else request + b"\r\n"
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=15)) as connection, suppress(OSError):
        connection.sendall(request)
        return connection.recv(65_536)
    return b""
