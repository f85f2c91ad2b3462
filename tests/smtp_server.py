"""Mail servers: one that keeps what it takes, and one that answers every recipient with the same line (RFC 5321)."""

import asyncio
import socket
import socketserver
import threading
from collections.abc import Iterator
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
    """What was taken. `answer` is said to each mail; while `hold` is on, the answer waits."""

    port: int = 0
    answer: str = "250 OK"
    hold: bool = False
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
        while self.hold:
            await asyncio.sleep(0.01)
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
        mailbox.hold = False
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
