"""What nobody needs any more goes each night: old entries of the audit log, ended sessions, sign-ups without an end."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import tasks
from accounts.addresses import UNCONFIRMED_DAYS
from accounts.audit import KEPT_DAYS, record_of
from accounts.models import AuditEntry, User
from tests.accounts.conftest import PASSWORD, person
from tests.server import ROOT

LONG_AGO = timedelta(days=UNCONFIRMED_DAYS, minutes=1)


def log_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.get("/profile/")
    return client


def signed_up(email: str, ago: timedelta = LONG_AGO) -> User:
    """Somebody who has filled in the form and never followed the link."""
    Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})
    user = User.objects.get(email=email)
    aged(user, ago)
    return user


def aged(user: User, ago: timedelta = LONG_AGO) -> None:
    User.objects.filter(pk=user.pk).update(created=timezone.now() - ago)


def remain() -> set[str]:
    return set(User.objects.values_list("email", flat=True))


def test_a_worker_knows_all_of_it_and_beat_asks_for_it_once_a_night(settings: Settings) -> None:
    look = "from dattss_site.celery import app; app.loader.import_default_modules(); print(*app.tasks)"
    command = [sys.executable, "-c", f"import django; django.setup(); {look}"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "dattss_site.settings"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    known = {task for task in done.stdout.split() if task.startswith("accounts.")}
    scheduled = [one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()]
    assert known == {"accounts.forget_audit", "accounts.forget_sessions", "accounts.forget_unconfirmed"}
    assert sorted(task for task in scheduled if task.startswith("accounts.")) == sorted(known)


def test_old_entries_of_the_audit_log_go(alice: User) -> None:
    record_of(alice, "key.made", None, "x", None)
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=KEPT_DAYS + 1))
    tasks.forget_audit()
    assert not AuditEntry.objects.exists()


def test_sessions_that_are_over_go_and_others_stay(alice: User, bob: User) -> None:
    over, lives = log_in(alice), log_in(bob)
    Session.objects.filter(pk=over.session.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    tasks.forget_sessions()
    assert set(Session.objects.values_list("pk", flat=True)) == {lives.session.session_key}
    assert [noted.user for noted in UserSession.objects.all()] == [bob]
    assert lives.get("/profile/").status_code == 200


def test_a_sign_up_that_was_never_confirmed_goes(db: None) -> None:
    old = signed_up("old@example.org")
    signed_up("new@example.org", LONG_AGO - timedelta(hours=1))
    tasks.forget_unconfirmed()
    assert remain() == {"new@example.org"}
    assert not EmailAddress.objects.filter(email=old.email).exists()


@pytest.mark.parametrize("waiting", [False, True], ids=["confirmed", "with another address that is not"])
def test_who_has_confirmed_stays_without_an_account_too(db: None, waiting: bool) -> None:
    user = person("dora@example.org")
    if waiting:
        EmailAddress.objects.create(user=user, email="next@example.org")
    aged(user)
    tasks.forget_unconfirmed()
    assert remain() == {user.email}


def test_who_has_an_account_stays_whatever_the_address(alice: User, bob: User) -> None:
    EmailAddress.objects.all().delete()
    for user in (alice, bob):
        aged(user)
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    tasks.forget_unconfirmed()
    assert remain() == {alice.email, bob.email}
