"""What mail servers answer, and what the one who waits for the mail is told."""

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from accounts import mail
from accounts.delivery import NotNow, Refused
from tests.smtp_server import running_smtp


@pytest.fixture(autouse=True)
def _over_smtp(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"


def test_an_address_that_there_is_not_is_refused(settings: Settings) -> None:
    with running_smtp("550 5.1.1 No such user here") as settings.EMAIL_PORT, pytest.raises(Refused, match="written"):
        mail.deliver(EmailMessage("Hello", "Text", to=["nobody@example.org"]))


def test_a_mailbox_that_is_busy_may_take_it_later(settings: Settings) -> None:
    with running_smtp("451 4.7.1 Try again later") as settings.EMAIL_PORT, pytest.raises(NotNow, match="in a minute"):
        mail.deliver(EmailMessage("Hello", "Text", to=["busy@example.org"]))


def test_a_mail_server_that_is_away_may_be_back_later(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(NotNow):
        mail.deliver(EmailMessage("Hello", "Secret 907314", to=["somebody@example.org"]))
    assert "could not be sent" in caplog.text
    assert "907314" not in caplog.text
