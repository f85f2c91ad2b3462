"""Slack's incoming webhooks, and those of Mattermost, Rocket.Chat and others that take the same."""

import msgspec

from alerts import endpoints, outgoing
from alerts.models import Notification
from alerts.wording import Message, compose


class Slack:
    """Posts to the notification's endpoint, whose URL is a secret itself."""

    most_doubtful = 2
    answers = True

    def send(self, notification: Notification) -> str:
        outgoing.post(endpoints.of(notification).url, msgspec.json.encode({"text": text_of(compose(notification))}), {})
        return ""


def text_of(message: Message) -> str:
    """In Slack's markup; nothing that a stat or a rule is called can mention people or make a link."""
    return f"*{_escaped(message.source)}*: {_escaped(message.text)} (<{message.page}|open>)"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
