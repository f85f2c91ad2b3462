from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.keys import KEY_PATTERN, LastUse, make_key, replace, revoke
from accounts.keytable import KeyEntry, KeyTable
from accounts.models import Account, ApiKey, Scope, User
from accounts.opening import OpenedAccount


def test_a_live_key_is_found_without_asking_the_database(
    opened: OpenedAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    table = KeyTable()
    with django_assert_num_queries(2):
        table.load()
    with django_assert_num_queries(0):
        assert table.lookup(opened.raw) == KeyEntry(opened.key.pk, opened.account.pk, "ingest", 0)


def test_a_key_is_found_only_by_all_of_its_text(opened: OpenedAccount) -> None:
    table = KeyTable()
    table.load()
    digits = opened.raw.partition("_")[2]
    other = f"{opened.account.pk + 1}_{digits}"
    wrong = [other, digits, opened.raw + "\n", " " + opened.raw, opened.raw.upper(), opened.raw[:-1], opened.key.hash]
    assert [raw for raw in wrong if table.lookup(raw)] == []


def test_a_table_that_was_not_loaded_knows_no_key(opened: OpenedAccount) -> None:
    assert KeyTable().lookup(opened.raw) is None


@given(st.text() | st.from_regex(KEY_PATTERN, fullmatch=True) | st.from_regex(r"[0-9]+_[0-9a-f]{38,42}\n?"))
def test_any_other_text_is_refused_and_never_raises(raw: str) -> None:
    assert KeyTable().lookup(raw) is None


def test_a_very_long_text_is_refused(db: None) -> None:
    assert KeyTable().lookup("1" * 1_000_000 + "_" + "a" * 40) is None


def test_a_reload_brings_new_keys_and_drops_revoked_ones(opened: OpenedAccount, acme: Account) -> None:
    table = KeyTable()
    assert table.reload_if_changed()
    _, raw = make_key(acme, "later", Scope.READ, None)
    assert table.lookup(raw) is None
    assert table.reload_if_changed()
    found = table.lookup(raw)
    assert found is not None
    assert found.scope == "read"
    assert table.lookup(opened.raw) is not None  # what was looked up before is forgotten too
    revoke(opened.key)
    assert table.reload_if_changed()
    assert table.lookup(opened.raw) is None


@pytest.fixture
def hour_of_overlap(opened: OpenedAccount, alice: User) -> float:
    """Unix time at which the first key ends: it was replaced."""
    replace(opened.key, alice, timedelta(hours=1))
    assert opened.key.expires is not None
    return opened.key.expires.timestamp()


def test_a_replaced_key_ends_by_itself_and_at_once(
    opened: OpenedAccount,
    hour_of_overlap: float,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    now = hour_of_overlap - 1
    table = KeyTable(lambda: now)
    assert table.reload_if_changed()
    with django_assert_num_queries(0):
        assert [table.lookup(opened.raw) is not None for _ in range(2)] == [True, True]
        now = hour_of_overlap
        assert table.lookup(opened.raw) is None


def test_a_key_that_has_ended_is_not_loaded(opened: OpenedAccount, hour_of_overlap: float) -> None:
    now = hour_of_overlap + 1
    table = KeyTable(lambda: now)
    table.load()
    now = 0.0
    assert table.lookup(opened.raw) is None


def set_end(key: ApiKey, _: User) -> None:
    """As somebody might in the database itself."""
    ApiKey.objects.filter(pk=key.pk).update(expires=timezone.now())


@pytest.mark.parametrize("end", [lambda key, by: replace(key, by, timedelta(0)), lambda key, by: revoke(key), set_end])
def test_the_end_of_a_key_is_noticed(opened: OpenedAccount, alice: User, end: Callable[..., object]) -> None:
    table = KeyTable()
    table.reload_if_changed()
    assert table.lookup(opened.raw) is not None
    end(opened.key, alice)
    assert table.reload_if_changed()
    assert table.lookup(opened.raw) is None


def test_without_a_change_two_queries_are_asked_and_nothing_loaded(
    opened: OpenedAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    table = KeyTable()
    table.reload_if_changed()
    with django_assert_num_queries(2):
        assert not table.reload_if_changed()
    assert table.lookup(opened.raw) is not None


def test_last_uses_are_given_out_once_and_are_the_latest() -> None:
    table = KeyTable()
    table.touch(1, 20.0, "192.0.2.1")
    table.touch(1, 10.0, "192.0.2.2")
    table.touch(2, 5.0)
    assert table.take_last_uses() == {1: LastUse(20.0, "192.0.2.1"), 2: LastUse(5.0, None)}
    assert table.take_last_uses() == {}


def test_no_last_use_is_lost_between_threads() -> None:
    table = KeyTable()
    taken: dict[int, LastUse] = {}

    def touch_all(first: int) -> None:
        for key_id in range(first, first + 2000):
            table.touch(key_id, 1.0)

    threads = [Thread(target=touch_all, args=(first,)) for first in (0, 2000)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken |= table.take_last_uses()
    taken |= table.take_last_uses()
    assert len(taken) == 4000


@pytest.mark.parametrize("scope", [Scope.INGEST, Scope.READ])
def test_the_entry_tells_the_scope(acme: Account, scope: Scope) -> None:
    _, raw = make_key(acme, "a", scope, None)
    table = KeyTable()
    table.load()
    found = table.lookup(raw)
    assert found is not None
    assert found.scope == scope.value
