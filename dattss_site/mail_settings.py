"""How mail leaves, from the environment: by SMTP, through a provider's API, or else to a folder and the console."""

from dataclasses import dataclass, field
from typing import Any

import dj_email_url

from dattss_site.environment import Environment

OUTBOX_BACKEND = "accounts.outbox.EmailBackend"
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

# What each provider of django-anymail cannot do without, and what else it may be told.
_NEEDED = {
    "brevo": ("API_KEY",),
    "mailersend": ("API_TOKEN",),
    "mailgun": ("API_KEY",),
    "mailjet": ("API_KEY", "SECRET_KEY"),
    "mandrill": ("API_KEY",),
    "postmark": ("SERVER_TOKEN",),
    "resend": ("API_KEY",),
    "sparkpost": ("API_KEY",),
}
_OPTIONAL = {
    "mailersend": ("SIGNING_SECRET",),
    "mailgun": ("SENDER_DOMAIN", "WEBHOOK_SIGNING_KEY"),
    "mandrill": ("WEBHOOK_KEY",),
    "postmark": ("MESSAGE_STREAM",),
    "sparkpost": ("SUBACCOUNT",),
}
# Without these a provider's events cannot be believed.
_OF_EVENTS = {"mailersend": "SIGNING_SECRET", "mandrill": "WEBHOOK_KEY"}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Django's `backend`, its other settings for SMTP (`EMAIL_HOST` and so on), and django-anymail's for a provider."""

    backend: str
    smtp: dict[str, Any] = field(default_factory=dict)
    provider: dict[str, str] = field(default_factory=dict)


def mail_from(environment: Environment) -> MailSettings:
    """`EMAIL_URL` or `ANYMAIL_PROVIDER` with its keys; what is wrong is told to the environment's problems."""
    url = environment.url("EMAIL_URL", ("smtp", "submission"))
    provider = environment.text("ANYMAIL_PROVIDER") and environment.choice("ANYMAIL_PROVIDER", "", tuple(_NEEDED))
    if url and provider:
        environment.problems.append("EMAIL_URL and ANYMAIL_PROVIDER are two ways for mail; set one of them.")
    if provider:
        return _by_provider(environment, provider)
    if stray := environment.names("ANYMAIL_"):
        environment.problems.append(f"{stray[0]} does nothing without ANYMAIL_PROVIDER, one of {', '.join(_NEEDED)}.")
    return _by_smtp(environment, url) if url else MailSettings(OUTBOX_BACKEND)


def _by_provider(environment: Environment, provider: str) -> MailSettings:
    prefix = provider.upper()
    given = {f"{prefix}_{name}": environment.secret(f"ANYMAIL_{prefix}_{name}") for name in _names_of(provider)}
    missing = [f"ANYMAIL_{prefix}_{name}" for name in _NEEDED[provider] if not given[f"{prefix}_{name}"]]
    if missing:
        environment.problems.append(f"ANYMAIL_PROVIDER={provider} needs {' and '.join(missing)}.")
    if api_url := environment.url(f"ANYMAIL_{prefix}_API_URL", ("http", "https")):
        given[f"{prefix}_API_URL"] = api_url
    given["WEBHOOK_SECRET"] = _secret_of_events(environment, provider)
    told = {name: value for name, value in given.items() if value}
    return MailSettings(f"anymail.backends.{provider}.EmailBackend", provider=told)


def _secret_of_events(environment: Environment, provider: str) -> str:
    """The `user:password` that the provider sends with its events; empty where it is to tell of none."""
    secret = environment.matching("ANYMAIL_WEBHOOK_SECRET", "[!-~]+:[!-~]{16,}", "a user:password, 16 letters or more")
    more = _OF_EVENTS.get(provider)
    if secret and more and not environment.secret(f"ANYMAIL_{provider.upper()}_{more}"):
        needed = f"ANYMAIL_{provider.upper()}_{more}"
        environment.problems.append(f"ANYMAIL_WEBHOOK_SECRET with {provider} also needs {needed}.")
    return secret


def _names_of(provider: str) -> tuple[str, ...]:
    return _NEEDED[provider] + _OPTIONAL.get(provider, ())


def _by_smtp(environment: Environment, url: str) -> MailSettings:
    try:
        parsed = dj_email_url.parse(url)
    except ValueError:
        environment.problems.append("EMAIL_URL must be an URL such as smtp://user:password@host:587/?tls=True.")
        return MailSettings(SMTP_BACKEND)
    kept = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS", "EMAIL_USE_SSL")
    smtp = {name: parsed[name] for name in kept if parsed[name] is not None}
    return MailSettings(SMTP_BACKEND, smtp={"EMAIL_PORT": 25, **smtp})
