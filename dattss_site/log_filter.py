"""What strangers can bring about in the log: no secret of a link, and one line for each request."""

import logging
import re

# Django names the path of a request that it refuses or fails at. Links of mails have their secret in it.
_SECRET = re.compile(r"(/invitations/|/accounts/confirm-email/|/accounts/password/reset/key/)[^/\s]+")


class RequestFilter(logging.Filter):
    """Hides secrets of links, and leaves stack traces out of what is only told of odd requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = _SECRET.sub(r"\1…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True
