"""Plain requests to a lane are answered to the byte as Twisted and Daphne would have them answered."""

from dattss_site.daphne_server import DaphneServer  # isort: skip  (installs Twisted's reactor)

from typing import Any

import pytest
from daphne.http_protocol import HTTPFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.http import HTTPChannel

from dattss_site import incoming
from dattss_site.connection import MOST_HELD, Connection
from dattss_site.plain_request import MOST_HEAD, read
from stats.answer import Answer
from stats.asked import Asked, Lane

HOST = b"Host: 127.0.0.1\r\n"


class _Transport(StringTransport):
    """A socket that takes `room` bytes, as far as `Connection` looks at one; what comes then waits, and fails where it
    is sent at once before that."""

    dataBuffer = b""  # noqa: N815  (Twisted's names)
    _tempDataLen = 0  # noqa: N815

    def __init__(self, room: int | None) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", "192.0.2.9", 4711))
        self.room = room

    def writeSomeData(self, data: bytes) -> int | Exception:  # noqa: N802  (Twisted's name)
        assert not self._tempDataLen
        if self.room is None:
            return ConnectionLost()
        sent, self.room = min(self.room, len(data)), max(0, self.room - len(data))
        super().write(data[:sent])
        return sent

    def write(self, data: bytes) -> None:
        self._tempDataLen += len(data)
        super().write(data)


class _Server(DaphneServer):
    """Answers 404 where an application would be asked."""

    def __init__(self, lane: Lane) -> None:
        super().__init__(None, endpoints=["tcp:0"], server_name="dattss", lanes={b"/agg": lane})
        self.connections: dict[Any, Any] = {}
        self.seen = 0
        self.http_factory = HTTPFactory(self)
        self.http_factory.reactor = Clock()
        incoming.use_in(self.http_factory)

    def protocol_connected(self, protocol: Any) -> None:
        self.seen += 1
        super().protocol_connected(protocol)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> None:
        protocol.basic_error(404, b"Not Found", scope["path"])


def _echo(asked: Asked) -> Answer:
    fields = asked._asdict().items()
    texts = {name: value.decode("latin-1") if isinstance(value, bytes) else str(value) for name, value in fields}
    return Answer(429 if asked.body == b"a" else 200, texts)


async def _later(_asked: Asked) -> Answer:
    raise AssertionError("all is answered now")


def _answered(pieces: list[bytes], way: type, room: int | None = 1 << 30) -> tuple[bytes, bool, int]:
    """What is answered, whether the connection ends then, and how many requests Daphne saw."""
    server = _Server(Lane(_echo, _later))
    if way is HTTPChannel:
        server.http_factory.protocol = HTTPChannel
    transport = _Transport(room)
    connection = server.http_factory.buildProtocol(None)
    connection.makeConnection(transport)
    for piece in pieces:
        if not transport.disconnecting:
            connection.dataReceived(piece)
    return transport.value(), transport.disconnecting, server.seen


def put(body: bytes = b"{}", headers: bytes = b"", path: bytes = b"/agg") -> bytes:
    return b"PUT %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n%b" % (path, HOST, headers, len(body), body)


LINES = st.sampled_from(
    [
        b"Authorization: Bearer 1_abc\r\n",
        b"authorization:Basic x\r\n",
        b"Content-Encoding: gzip\r\n",
        b"CONTENT-ENCODING:  identity  \r\n",
        b"X-Forwarded-For: 198.51.100.1, 192.0.2.1\r\n",
        b"Connection: Keep-Alive\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"Expect: 100-continue\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 5\r\n",
        b"X-A: a\r\n b\r\n",
        b"X-A:\tb\r\n",
        b"X-A : b\r\n",
        b"X_A: b\r\n",
        b"X-A\r\n",
        b": b\r\n",
        b"X-A: \xff\r\n",
        b"X-A: b\rc\r\n",
        b"X-A: b\nc\r\n",
        b"X-A: \x00\r\n",
        b"X-A:\r\n",
        b"Cookie: a=b\r\n",
        b"\r\n",
    ]
)
REQUESTS = st.builds(
    lambda blank, method, path, version, headers, body: (
        b"%b%b %b HTTP/%b\r\n%b%bContent-Length: %d\r\n\r\n%b"
        % (blank, method, path, version, HOST, b"".join(headers), len(body), body)
    ),
    st.sampled_from([b""] * 5 + [b"\r\n"]),
    st.sampled_from([b"PUT", b"POST"] * 4 + [b"GET", b"HEAD", b"put"]),
    st.sampled_from([b"/agg", b"/agg?auth=1_abc", b"/agg?"] * 5 + [b"/agg/", b"/%61gg", b"/agg?\xff", b"*", b"//agg"]),
    st.sampled_from([b"1.1"] * 9 + [b"1.0", b"2.0"]),
    st.lists(LINES, max_size=2),
    st.sampled_from([b"", b"a", b"{}", b"\r\n", b"PUT /agg HTTP/1.1\r\n\r\n", b"0\r\n\r\n", b"\xff" * 300]),
)


@settings(max_examples=400)
@given(st.lists(st.one_of(REQUESTS, st.just(put())), min_size=1, max_size=5), st.data())
def test_whatever_comes_is_answered_as_twisted_would_have_it(requests: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True) if begin < end]
    assert _answered(pieces, Connection)[:2] == _answered(pieces, HTTPChannel)[:2]


@pytest.mark.parametrize(
    "pieces",
    [
        [put()],
        [put(b""), put(b"a", b"Connection: keep-alive\r\n")],
        [put(b"{}" * 20_000)],
        [put()[:-1], b"}"],
        [put()[:-2], b"{}" + put()],
        [put() * 50],
        [put()[:5], put()[5:]],
        [b"\r\n", put(), b"\r\n", put()],
    ],
)
def test_plain_requests_do_not_get_as_far_as_daphne(pieces: list[bytes]) -> None:
    assert _answered(pieces, HTTPChannel)[0] == (answered := _answered(pieces, Connection))[0]
    assert answered[2] == 0


@pytest.mark.parametrize("room", [0, 1, 300, 1000, None])
def test_what_a_socket_does_not_take_at_once_is_sent_later(room: int | None) -> None:
    """With no room at all, the connection is lost: Twisted finds that out when it sends."""
    pieces = [put() * 3, put(path=b"/x") + put(), put()]
    assert _answered(pieces, Connection, room)[:2] == _answered(pieces, HTTPChannel)[:2]


@pytest.mark.parametrize(
    "request_",
    [
        put(b"a" * MOST_HELD),
        put(headers=b"X-A: " + b"a" * MOST_HEAD + b"\r\n"),
        put(headers=b"Connection: close\r\n"),
        put(headers=b"Expect: 100-continue\r\n"),
        put(headers=b"Transfer-Encoding: chunked\r\n"),
        put(headers=HOST),
        put(path=b"/x"),
    ],
)
def test_others_are_left_to_daphne_and_answered_too(request_: bytes) -> None:
    pieces = [request_[:60_000], request_[60_000:]]
    answered = _answered(pieces, Connection)
    assert answered == _answered(pieces, HTTPChannel)
    assert answered[2] == 1


def test_a_head_of_many_spaces_or_lines_is_read_in_no_time() -> None:
    """A pattern that tries again from each of them does not come to an end."""
    for filling in (b"X: " + b" " * MOST_HEAD, b"X: a\r\n" * MOST_HEAD, b"X-" * MOST_HEAD):
        assert read(b"PUT /agg HTTP/1.1\r\n" + filling + b"\x00\r\n\r\n") is None
