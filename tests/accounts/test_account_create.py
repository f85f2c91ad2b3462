import json
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.keys import find_key
from accounts.models import Account, ApiKey, Membership, Role, Scope, User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    out = StringIO()
    call_command("account_create", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_account_and_two_keys_that_work() -> None:
    made = json.loads(create("dora@example.org", "--password", PASSWORD, "--json"))
    assert set(made) == {"account", "key", "read_key"}
    for field, scope in (("key", Scope.INGEST), ("read_key", Scope.READ)):
        key = find_key(made[field])
        assert key is not None
        assert (key.account_id, key.scope) == (made["account"], scope)
        assert made[field].startswith(f"{made['account']}_")


def test_the_user_owns_the_account_and_logs_in() -> None:
    made = json.loads(create("Dora@Example.org", "--name", "Blue Team", "--password", PASSWORD, "--json"))
    membership = Membership.objects.get()
    assert (membership.user.email, membership.role) == ("dora@example.org", Role.OWNER)
    assert (membership.account.pk, membership.account.name) == (made["account"], "Blue Team")
    answer = Client().post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})
    assert answer["Location"] == f"/a/{made['account']}/"
    assert EmailAddress.objects.get(user=membership.user).verified


def test_without_a_password_one_is_made_and_told() -> None:
    made = json.loads(create("dora@example.org", "--json"))
    assert User.objects.get().check_password(made["password"])
    assert len(made["password"]) >= 20


def test_without_json_it_prints_text_with_all_that_is_needed() -> None:
    text = create("dora@example.org")
    assert "dora@example.org" in text
    assert text.count(f"{Account.objects.get().pk}_") == 2
    assert User.objects.get().check_password(text.partition("Password:")[2].split()[0])


@pytest.mark.parametrize("email", ["nobody", "", "a@b", "a b@example.org", f"{'a' * 250}@example.org"])
def test_an_address_that_is_none_is_refused_in_one_line(email: str) -> None:
    with pytest.raises(CommandError, match="e-mail address") as refused:
        create(email, "--json")
    assert "\n" not in str(refused.value)
    assert not User.objects.exists()


def test_an_address_that_is_taken_is_refused_and_leaves_nothing(alice: User) -> None:
    with pytest.raises(CommandError, match=r"alice@example\.org"):
        create("ALICE@example.org", "--json")
    assert not Account.objects.exists()
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("arguments", [("--password", ""), ("--name", "x" * 81)])
def test_a_bad_option_is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        create("dora@example.org", *arguments)
    assert not User.objects.exists()
