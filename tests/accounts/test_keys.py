import hashlib
import re
from datetime import UTC, datetime

from pytest_django import DjangoAssertNumQueries

from accounts.keys import KEYS_PER_UPDATE, find_key, make_key, revoke, store_last_used
from accounts.models import Account, ApiKey, Scope, User
from accounts.opening import OpenedAccount


def test_a_key_is_the_account_and_forty_hex_digits_and_only_its_hash_is_stored(acme: Account, alice: User) -> None:
    key, raw = make_key(acme, "api", Scope.INGEST, alice)
    assert re.fullmatch(rf"{acme.pk}_[0-9a-f]{{40}}", raw)
    stored = ApiKey.objects.values().get(pk=key.pk)
    assert stored["hash"] == hashlib.sha256(raw.encode()).hexdigest()
    assert stored["prefix"] == raw[: len(f"{acme.pk}_") + 4]
    assert raw not in str(stored)


def test_two_keys_differ(acme: Account) -> None:
    assert make_key(acme, "a", Scope.READ, None)[1] != make_key(acme, "a", Scope.READ, None)[1]


def test_a_revoked_key_is_not_found_and_keeps_the_time_of_its_first_revocation(opened: OpenedAccount) -> None:
    assert find_key(opened.raw) == opened.key
    revoke(opened.key)
    first = ApiKey.objects.get(pk=opened.key.pk).revoked
    assert find_key(opened.raw) is None
    revoke(ApiKey.objects.get(pk=opened.key.pk))
    assert ApiKey.objects.get(pk=opened.key.pk).revoked == first is not None


def test_last_use_moves_forwards_only(opened: OpenedAccount, acme: Account) -> None:
    other, _ = make_key(acme, "b", Scope.READ, None)
    store_last_used({opened.key.pk: 2000.0})
    store_last_used({opened.key.pk: 1000.0, other.pk: 1500.5})
    times = dict(ApiKey.objects.values_list("pk", "last_used"))
    assert times == {
        opened.key.pk: datetime.fromtimestamp(2000, UTC),
        other.pk: datetime.fromtimestamp(1500.5, UTC),
    }


def test_many_last_uses_are_stored_with_few_queries(
    acme: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    count = 2 * KEYS_PER_UPDATE + 1
    ApiKey.objects.bulk_create(
        ApiKey(account=acme, label="k", scope=Scope.INGEST, hash=f"{n:064x}", prefix="1_0000") for n in range(count)
    )
    keys = list(ApiKey.objects.filter(label="k"))
    with django_assert_max_num_queries(3):
        store_last_used({key.pk: 1000.0 + key.pk for key in keys})
    assert all(
        key.last_used == datetime.fromtimestamp(1000.0 + key.pk, UTC) for key in ApiKey.objects.filter(label="k")
    )


def test_nothing_used_asks_the_database_nothing(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        store_last_used({})
