import pytest
from django.db import IntegrityError

from accounts.models import Account, Membership, Role, User


def test_an_address_is_kept_in_lower_case_and_found_in_any(db: None) -> None:
    user = User.objects.create_user("Dora@Example.ORG", "x")
    assert user.email == "dora@example.org"
    assert User.objects.get_by_natural_key("DORA@example.org") == user


def test_the_database_refuses_an_address_that_differs_only_in_case(alice: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="ALICE@example.org")])


def test_a_user_is_in_an_account_once(alice: User, acme: Account) -> None:
    with pytest.raises(IntegrityError):
        Membership.objects.create(user=alice, account=acme, role=Role.VIEWER)


def test_a_user_without_a_password_cannot_log_in(db: None) -> None:
    assert not User.objects.create_user("dora@example.org").has_usable_password()
