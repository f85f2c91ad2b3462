"""A server that writes down the commits it gets, and answers as a test wants it to."""

import gzip
import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Json = dict[str, Any]
PATIENCE = 15.0  # seconds until a condition that does not come true fails a test


class Request(NamedTuple):
    """One commit as it came."""

    commit: Json
    headers: dict[str, str]
    path: str
    peer: int  # the client's port: one for each connection


class Reply(NamedTuple):
    """One answer to give."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b'{"ok":true}'
    hang_up: bool = False


class Recorder:
    """Listens on a port of its own. `replies` are used up first, then `reply` is given to all."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: deque[Reply] = deque()
        self.reply = Reply()
        self.open = threading.Event()  # cleared: requests wait for their answers
        self.open.set()
        self._changed = threading.Condition()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Listens, on the same port as before."""
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Refuses connections and ends those that there are."""
        if self._server is not None:
            self.open.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def record(self, request: Request) -> Reply:
        with self._changed:
            self.requests.append(request)
            reply = self.replies.popleft() if self.replies else self.reply
            self._changed.notify_all()
        return reply

    def wait(self, condition: Callable[[], bool]) -> None:
        """Until the condition is true, looked at with each request."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), f"never came true; last requests: {self.requests[-3:]}"

    @property
    def commits(self) -> list[Json]:
        return [request.commit for request in self.requests]

    def partials(self, name: str) -> list[Json]:
        """All partials of one stat, in the order in which they came."""
        return [p for c in self.commits for kind in ("c", "ms", "g") for p in c["prt"][kind] if p["nam"] == name]

    def total(self, name: str, field: str = "cnt") -> float:
        """The sum of a field of all partials of one stat, each commit taken once however often it came."""
        unique = {(commit["iid"], commit["seq"]): commit for commit in self.commits}
        every = [p for c in unique.values() for kind in ("c", "ms", "g") for p in c["prt"][kind]]
        return float(sum(p[field] for p in every if p["nam"] == name))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.connections: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in self.connections:
            self.shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some tests are about."""


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            request = Request(json.loads(body), dict(self.headers), self.path, self.client_address[1])
            reply = recorder.record(request)
            recorder.open.wait()
            if reply.hang_up:
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
            pass

    return Handler
