"""What a channel is."""

from typing import Protocol

from alerts.models import Notification


class Sender(Protocol):
    """A way by which messages leave.

    `most_doubtful` says how often the same message may go out without anybody knowing whether it did: 1 never sends
    again what may have arrived, 2 does so once. `answers` says that the other end itself has answered, so that what is
    sent is delivered.
    """

    most_doubtful: int
    answers: bool

    def send(self, notification: Notification) -> str:
        """Hands the message over; returns the provider's id of it. Raises accounts.delivery.Refused or NotNow."""
