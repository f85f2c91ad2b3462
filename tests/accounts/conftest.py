"""Alice owns an account, Bob is a member or a viewer of it, Charlie is a stranger with an account of his own."""

from collections.abc import Callable, Iterator

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.guessing import guesses
from accounts.models import Account, Membership, Role, User
from accounts.opening import OpenedAccount, open_account
from tests.twilio_server import Twilio, running_twilio

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    cache.clear()
    guesses.forget()


def person(email: str) -> User:
    """Somebody who has confirmed his address and belongs to no account."""
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def alice(db: None) -> User:
    return person("alice@example.org")


@pytest.fixture
def opened(alice: User) -> OpenedAccount:
    return open_account(alice, "Acme")


@pytest.fixture
def acme(opened: OpenedAccount) -> Account:
    return opened.account


@pytest.fixture
def bob(acme: Account) -> User:
    user = person("bob@example.org")
    Membership.objects.create(user=user, account=acme, role=Role.MEMBER)
    return user


@pytest.fixture
def vera(acme: Account) -> User:
    """Bob's colleague who may only look."""
    user = person("vera@example.org")
    Membership.objects.create(user=user, account=acme, role=Role.VIEWER)
    return user


@pytest.fixture
def charlie(acme: Account) -> User:
    user = person("charlie@example.org")
    open_account(user)
    return user


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """Makes a browser that a user is logged in with."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Twilio]:
    """A server that answers as Twilio does, set up as that of ours, which it finds."""
    settings.PUBLIC_URL = "https://dattss.example.org"
    with running_twilio() as server:
        for name, value in server.settings.items():
            setattr(settings, name, value)
        yield server
