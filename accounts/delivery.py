"""What may become of what is sent to somebody, the same for mail, SMS and calls, each with a sentence for him."""


class DeliveryError(Exception):
    """It was not delivered, as far as is known; `sentence` says why, for the one who waits for it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(DeliveryError):
    """It never will be: to try the same again is of no use."""


class NotNow(DeliveryError):
    """It may be later. Where no answer came, it may even have been sent: `answered` says whether one did."""

    def __init__(self, sentence: str, *, answered: bool) -> None:
        super().__init__(sentence)
        self.answered = answered
