"""Webhooks, signed as https://www.standardwebhooks.com describes it, so that every language has a library for them.

`webhook-signature` is `v1,` and the base64 of the HMAC-SHA256 of `ID.TIMESTAMP.BODY`. The id stays the same when a
message is sent again: a receiver that remembers ids takes none twice.
"""

import base64
import hashlib
import hmac
import time
from typing import Any

import msgspec

from alerts import endpoints, outgoing
from alerts.models import Incident, Notification
from alerts.wording import Message, compose


class Webhook:
    """Posts JSON to the notification's endpoint."""

    most_doubtful = 100  # a receiver knows a repeat by its id
    answers = True

    def send(self, notification: Notification) -> str:
        body = msgspec.json.encode(body_of(notification, compose(notification)))
        endpoint = endpoints.of(notification)
        headers = signed_headers(notification.pk, body, endpoint.secret, int(time.time()))
        outgoing.post(endpoint.url, body, headers)
        return ""


def signed_headers(notification_id: int, body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """The headers by which a receiver knows that the body is ours, and new."""
    name = f"msg_{notification_id}"
    mac = hmac.new(endpoints.signing_key(secret), f"{name}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def body_of(notification: Notification, message: Message) -> dict[str, Any]:
    """What is posted."""
    return {
        "type": f"incident.{notification.kind}",
        "account": {"id": notification.account_id, "name": notification.account.name},
        "sentence": message.sentence,
        "incidents": [_described(incident) for incident in message.incidents],
        "url": message.page,
    }


def _described(incident: Incident) -> dict[str, Any]:
    return {
        "number": incident.number,
        "rule": incident.rule_name,
        "target": incident.target,
        "state": incident.state,
        "sentence": incident.sentence,
        "opened": incident.opened,
        "resolved": incident.resolved_at,
    }
