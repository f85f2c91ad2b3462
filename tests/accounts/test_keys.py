import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.keys import (
    KEYS_PER_UPDATE,
    KeyEndedError,
    LastUse,
    find_key,
    live_keys,
    make_key,
    replace,
    revoke,
    store_last_uses,
)
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


def test_a_replaced_key_works_until_its_time_is_over(opened: OpenedAccount, alice: User) -> None:
    before = timezone.now()
    new, raw = replace(opened.key, alice, timedelta(hours=1))
    old = ApiKey.objects.get(pk=opened.key.pk)
    assert (new.label, new.scope, new.replaces, new.created_by) == (old.label, old.scope, old, alice)
    assert old.expires is not None
    assert before + timedelta(hours=1) <= old.expires <= timezone.now() + timedelta(hours=1)
    assert (find_key(opened.raw), find_key(raw)) == (old, new)
    moments = [old.expires - timedelta(seconds=1), old.expires]
    assert [set(live_keys(moment)) for moment in moments] == [{old, new}, {new}]


def test_a_key_that_is_replaced_at_once_works_no_more(opened: OpenedAccount, alice: User) -> None:
    _, raw = replace(opened.key, alice, timedelta(0))
    assert find_key(opened.raw) is None
    assert find_key(raw) is not None
    old = ApiKey.objects.get(pk=opened.key.pk)
    assert (old.is_live, old.ended) == (False, old.expires)


def test_what_has_ended_or_was_replaced_is_not_replaced(opened: OpenedAccount, acme: Account, alice: User) -> None:
    revoked, _ = make_key(acme, "b", Scope.READ, None)
    revoke(revoked)
    replace(opened.key, alice, timedelta(days=7))
    for key in (revoked, opened.key):
        with pytest.raises(KeyEndedError):
            replace(key, alice, timedelta(0))
    assert acme.keys.count() == 3


def test_when_a_key_ended(opened: OpenedAccount, alice: User) -> None:
    assert opened.key.ended is None
    replace(opened.key, alice, timedelta(days=7))
    assert opened.key.ended is None
    revoke(opened.key)
    assert opened.key.ended == opened.key.revoked is not None


def test_last_use_moves_forwards_only(opened: OpenedAccount, acme: Account) -> None:
    other, _ = make_key(acme, "b", Scope.READ, None)
    store_last_uses({opened.key.pk: LastUse(2000.0, "192.0.2.1")})
    store_last_uses({opened.key.pk: LastUse(1000.0, "192.0.2.2"), other.pk: LastUse(1500.5, "2001:db8::1")})
    uses = {pk: use for pk, *use in ApiKey.objects.values_list("pk", "last_used", "last_ip")}
    assert uses == {
        opened.key.pk: [datetime.fromtimestamp(2000, UTC), "192.0.2.1"],
        other.pk: [datetime.fromtimestamp(1500.5, UTC), "2001:db8::1"],
    }
    store_last_uses({other.pk: LastUse(1600.0, None)})
    assert ApiKey.objects.get(pk=other.pk).last_ip is None


def test_many_last_uses_are_stored_with_few_queries(
    acme: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    count = 2 * KEYS_PER_UPDATE + 1
    ApiKey.objects.bulk_create(
        ApiKey(account=acme, label="k", scope=Scope.INGEST, hash=f"{n:064x}", prefix="1_0000") for n in range(count)
    )
    keys = list(ApiKey.objects.filter(label="k").order_by("pk"))
    with django_assert_max_num_queries(3):
        store_last_uses({key.pk: LastUse(1000.0 + key.pk, f"10.0.0.{number % 256}") for number, key in enumerate(keys)})
    stored = ApiKey.objects.filter(label="k").order_by("pk")
    assert [(key.last_used, key.last_ip) for key in stored] == [
        (datetime.fromtimestamp(1000.0 + key.pk, UTC), f"10.0.0.{number % 256}") for number, key in enumerate(keys)
    ]


def test_nothing_used_asks_the_database_nothing(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        store_last_uses({})
