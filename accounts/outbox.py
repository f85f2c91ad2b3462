"""Where mail goes without a mail provider: a folder, and the server's output, so that its links can be followed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.filebased import EmailBackend as FileBackend


class EmailBackend(FileBackend):
    """One file a mail below `EMAIL_FILE_PATH`, and its text on standard output."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The links in mails let people in: they are for the eyes of whoever runs the server.
        Path(settings.EMAIL_FILE_PATH).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(*args, **kwargs)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = super().send_messages(email_messages)
        for message in email_messages:
            sys.stdout.write(_as_text(message))
        sys.stdout.flush()
        return sent


def _as_text(message: EmailMessage) -> str:
    lines = [f"--- Mail to {', '.join(message.to)}: {message.subject}", "", str(message.body).strip()]
    return "\n".join([*lines, "--- End of the mail", ""])
