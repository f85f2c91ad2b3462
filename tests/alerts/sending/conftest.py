"""Acme has an incident; Alice is told of it, at her address and her number."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.accounts.conftest import _fresh_rate_limits, acme, alice, bob, browser_of, opened, twilio, vera  # noqa: F401
from tests.alerts.sending.told import Story, story_of
from tests.smtp_server import Mailbox, running_mailbox


@pytest.fixture
def story(acme: object, alice: object) -> Story:  # noqa: F811
    return story_of(acme, alice)  # type: ignore[arg-type]


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A mail server, set up as ours."""
    with running_mailbox() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box
