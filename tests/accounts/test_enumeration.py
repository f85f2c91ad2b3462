"""Nobody learns from an answer, a mail or the work that is done whether somebody has signed up with an address."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.conftest import PASSWORD, person

KNOWN, UNCONFIRMED, UNKNOWN = "known@example.org", "later@example.org", "other@example.org"
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')


class CountingHasher(MD5PasswordHasher):
    """A quick hash that counts how often it is worked out."""

    worked_out = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.worked_out += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def _people(db: None) -> None:
    person(KNOWN)
    later = User.objects.create_user(UNCONFIRMED, PASSWORD)
    EmailAddress.objects.create(user=later, email=UNCONFIRMED, primary=True)


def signed_up(email: str) -> Any:
    return Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD, "team": "T"}, follow=True)


def asked_for_a_reset(email: str) -> Any:
    return Client().post("/accounts/password/reset/", {"email": email}, follow=True)


def logged_in_wrongly(email: str) -> Any:
    return Client().post("/accounts/login/", {"login": email, "password": "not the password"}, follow=True)


def guessed_often(email: str) -> Any:
    return [logged_in_wrongly(email) for _ in range(6)][-1]


def _without_differences(response: Any, email: str) -> tuple[int, list[Any], bytes]:
    """Status, ways and page, with what differs between any two askers taken out: the address and the form's token."""
    page = TOKEN.sub(b"", response.content.replace(email.encode(), b"ADDRESS"))
    return response.status_code, response.redirect_chain, page


@pytest.mark.parametrize("ask", [signed_up, asked_for_a_reset, logged_in_wrongly, guessed_often])
def test_pages_are_equal_byte_for_byte(ask: Any) -> None:
    assert len(KNOWN) == len(UNKNOWN) == len(UNCONFIRMED)
    known, unconfirmed, unknown = (_without_differences(ask(email), email) for email in (KNOWN, UNCONFIRMED, UNKNOWN))
    assert known == unknown
    assert unconfirmed == unknown


@pytest.mark.parametrize("ask", [signed_up, asked_for_a_reset, logged_in_wrongly])
def test_as_many_mails_go_out_and_as_many_hashes_are_worked_out(ask: Any, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.test_enumeration.CountingHasher"]
    spent = []
    for email in (KNOWN, UNKNOWN):
        CountingHasher.worked_out = 0
        mail.outbox.clear()
        ask(email)
        spent.append(
            (CountingHasher.worked_out, [sent.to for sent in mail.outbox] in ([], [[email]]), len(mail.outbox))
        )
    assert spent[0] == spent[1]


def test_the_wrong_password_is_told_as_one_of_two_things() -> None:
    page = logged_in_wrongly(KNOWN).content.decode()
    assert "The email address and/or password you specified are not correct." in page
