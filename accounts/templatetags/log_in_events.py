"""Says in words what happened to a log-in."""

from django import template

from accounts.models import AuditEntry

register = template.Library()

_SENTENCES = {
    "login.signed_up": "Signed up",
    "login": "Logged in",
    "login.failed": "Wrong password",
    "logout": "Logged out",
    "session.ended": "Logged out the session {target}",
    "password.changed": "Changed the password",
    "password.reset": "Reset the password by a mailed link",
    "email.confirmed": "Confirmed {target}",
    "email.change_asked": "Asked for a change of the address to {target}",
    "email.change_given_up": "Gave up the change of the address to {target}",
    "email.changed": "Changed the address to {target}",
    "second_factor.added": "Added a second factor: {target}",
    "second_factor.removed": "Removed a second factor: {target}",
    "second_factor.renewed": "Made new ones: {target}",
    "second_factor.failed": "Wrong code: {target}",
}
_WAYS = {
    "password": "password",
    "password_reset": "mailed link",
    "totp": "authenticator app",
    "webauthn": "passkey",
    "recovery_codes": "recovery code",
}


@register.filter
def sentence(entry: AuditEntry) -> str:
    """What the entry of a person's own log tells, for people."""
    said = _SENTENCES.get(entry.action, entry.action).format(target=entry.target)
    ways = [_WAYS.get(way, way) for way in entry.details.get("ways", [])]
    return f"{said} with {' and '.join(ways)}" if ways else said
