"""SMS, by Twilio."""

from accounts import telephony
from alerts.models import Notification
from alerts.telephone import news_url
from alerts.wording import ACKNOWLEDGE, RESOLVE, Message, compose, shortened

MOST_LETTERS = 280  # two SMS in plain letters


class Sms:
    """Texts go to the number that the notification has."""

    most_doubtful = 2
    answers = False

    def send(self, notification: Notification) -> str:
        return telephony.send_sms(notification.address, text_of(compose(notification)), news_url(notification))


def text_of(message: Message) -> str:
    """What is read on the phone: the sentence, and how to answer. Where no reply can come in, by the link."""
    told = f"{message.source}: {message.text}"
    if not message.answer:
        return shortened(told, MOST_LETTERS)
    if telephony.hears_from_twilio():
        return f"{shortened(told, MOST_LETTERS)}\nReply {ACKNOWLEDGE} to acknowledge, {RESOLVE} to resolve."
    return f"{shortened(told, MOST_LETTERS - len(message.answer))}\n{message.answer}"
