"""What may become of what is sent to somebody, the same for mail, SMS and calls, each with a sentence for him."""

import socket

from urllib3.exceptions import ConnectTimeoutError, MaxRetryError


class DeliveryError(Exception):
    """It was not delivered, as far as is known; `sentence` says why, for the one who waits for it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(DeliveryError):
    """It never will be: to try the same again is of no use."""


class NotNow(DeliveryError):
    """It may be later. `answered` says that it was certainly not sent: the other side said so, or was not reached.
    Where that is not so, it may have been sent all the same."""

    def __init__(self, sentence: str, *, answered: bool) -> None:
        super().__init__(sentence)
        self.answered = answered


def never_left(error: BaseException) -> bool:
    """Whether a connection could not even be made, be it by a socket or by requests: then nothing was sent."""
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else None
    return isinstance(error, (ConnectionRefusedError, socket.gaierror)) or isinstance(reason, ConnectTimeoutError)
