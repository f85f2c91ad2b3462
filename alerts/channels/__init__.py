"""The ways out: one small class each."""

from alerts.channels.base import Sender
from alerts.channels.email import Email
from alerts.channels.file import File
from alerts.channels.phone import Phone
from alerts.channels.slack import Slack
from alerts.channels.sms import Sms
from alerts.channels.webhook import Webhook
from alerts.models import Channel

SENDERS: dict[str, Sender] = {
    Channel.EMAIL: Email(),
    Channel.SMS: Sms(),
    Channel.PHONE: Phone(),
    Channel.WEBHOOK: Webhook(),
    Channel.SLACK: Slack(),
    Channel.FILE: File(),
}

__all__ = ["SENDERS", "Sender"]
