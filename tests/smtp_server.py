"""Mail servers: one that keeps what it takes, and one that answers every recipient with the same line (RFC 5321)."""

import asyncio
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.server import free_port


@dataclass
class Mailbox:
    """What was taken. `answer` is said to each mail, later where that is held."""

    port: int = 0
    answer: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    _open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.release()

    def hold(self) -> Callable[[], None]:
        """Mails wait for their answers until what this returns is called."""
        self._open.clear()
        return self.release

    def release(self) -> None:
        """Answers what waits."""
        self._open.set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
        await asyncio.to_thread(self._open.wait)
        return self.answer


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """A mail's plain text, or its HTML."""
    body = mail.get_body((kind,))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """A server on `port` of 127.0.0.1 for as long as the block lasts."""
    mailbox = Mailbox(free_port(socket.SOCK_STREAM))
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        mailbox.release()
        controller.stop()


@contextmanager
def running_smtp(answer: str) -> Iterator[int]:
    """The port of a server that says `answer`, such as `550 5.1.1 No such user`, to each RCPT."""

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 test")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                self.say(answer if verb == b"RCPT" else "221 bye" if verb == b"QUIT" else "250 ok")
                if verb == b"QUIT":
                    return

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
