"""Phone calls, by Twilio."""

from accounts import telephony
from alerts import spoken
from alerts.models import Notification
from alerts.telephone import keys_url, news_url
from alerts.wording import compose


class Phone:
    """Calls the number that the notification has. One whose fate is unknown is never made again."""

    most_doubtful = 1
    answers = False

    def send(self, notification: Notification) -> str:
        message = compose(notification)
        keys = keys_url(notification) if message.answer and telephony.hears_from_twilio() else ""
        heard = spoken.call(notification, message, keys)
        return telephony.call(notification.address, heard, news_url(notification))
