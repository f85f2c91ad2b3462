"""Entries of the audit log in words."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import AuditEntry

# What somebody did. An entry that lacks what its sentence names, or has no sentence, is told word by word.
_SENTENCES = {
    "account.changed": "Changed the account {target}",
    "account.closed": "Closed the account {target}",
    "account.opened": "Opened the account {target}",
    "account.reopened": "Opened the account {target} again",
    "cap.changed": "Set the caps of {target} to {sms} SMS and {calls} calls a month",
    "contact.added": "Added the contact {target}",
    "contact.confirmed": "Confirmed the contact {target}",
    "contact.removed": "Removed the contact {target}",
    "endpoint.changed": "Changed the endpoint {target}",
    "endpoint.deleted": "Removed the endpoint {target}",
    "endpoint.made": "Added the endpoint {target}",
    "endpoint.secret_replaced": "Replaced the secret of the endpoint {target}",
    "escalation.changed": "Changed the escalation {target}",
    "escalation.deleted": "Deleted the escalation {target}",
    "escalation.made": "Made the escalation {target}",
    "incident.acknowledged": "Acknowledged the incident {target}",
    "incident.resolved": "Resolved the incident {target}",
    "invitation.withdrawn": "Withdrew the invitation of {target}",
    "key.made": "Made the key {target}, which may {scope}",
    "key.renamed": "Renamed the key {before} to {target}",
    "key.replaced": "Replaced the key {target} by {replacement}; it works until {ends}",
    "key.revoked": "Revoked the key {target}",
    "login": "Logged in",
    "login.failed": "Failed to log in",
    "login.signed_up": "Signed up",
    "logout": "Logged out",
    "password.changed": "Changed the password",
    "password.reset": "Reset the password",
    "person.invited": "Invited {target} as {role}",
    "person.joined": "Joined as {role}",
    "person.left": "Left the account",
    "person.removed": "Removed {target}",
    "person.role": "Changed the role of {target} from {before} to {after}",
    "rule.changed": "Changed the rule {target}",
    "rule.deleted": "Deleted the rule {target}",
    "rule.made": "Made the rule {target}",
    "process.removed": "Removed the process {target}",
    "report.changed": "Chose to be mailed reports: {every}",
    "session.ended": "Ended the session of {target}",
    "silence.ended": "Ended the silence because of {target}",
    "silence.made": "Silenced {target} until {ends}: {reason}",
    "transfer.offered": "Offered the account to {target}",
}
_MOMENTS = ("ends",)  # details that are times, in ISO 8601
_WORDS = {"ingest": "send values", "read": "read values"}


def sentence(entry: AuditEntry) -> str:
    """What was done, such as `Revoked the key api servers (1_ab12…)`."""
    facts = {name: _moment(value) if name in _MOMENTS else _word(value) for name, value in _details(entry).items()}
    known = _SENTENCES.get(entry.action)
    if known is None:
        return _word_by_word(entry, facts)
    try:
        return known.format_map({**facts, "target": entry.target})
    except KeyError:  # written by another version
        return _word_by_word(entry, facts)


def _word_by_word(entry: AuditEntry, facts: dict[str, str]) -> str:
    words = entry.action.replace(".", " ").replace("_", " ").strip().capitalize() or "Something"
    told = f"{words}: {entry.target}" if entry.target else words
    more = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    return f"{told} ({more})" if more else told


def _details(entry: AuditEntry) -> dict[str, Any]:
    return entry.details if isinstance(entry.details, dict) else {"details": entry.details}


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_word, value))
    return _WORDS.get(value, value) if isinstance(value, str) else str(value)


def _moment(value: Any) -> str:
    """A time in the zone of who reads."""
    try:
        return f"{timezone.localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M %Z}"
    except (TypeError, ValueError):
        return _word(value)
