from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.keys import KEY_PATTERN, make_key, revoke
from accounts.keytable import KeyEntry, KeyTable
from accounts.models import Account, Scope
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
    table.touch(1, 20.0)
    table.touch(1, 10.0)
    table.touch(2, 5.0)
    assert table.take_last_used() == {1: 20.0, 2: 5.0}
    assert table.take_last_used() == {}


def test_no_last_use_is_lost_between_threads() -> None:
    table = KeyTable()
    taken: dict[int, float] = {}

    def touch_all(first: int) -> None:
        for key_id in range(first, first + 2000):
            table.touch(key_id, 1.0)

    threads = [Thread(target=touch_all, args=(first,)) for first in (0, 2000)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken |= table.take_last_used()
    taken |= table.take_last_used()
    assert len(taken) == 4000


@pytest.mark.parametrize("scope", [Scope.INGEST, Scope.READ])
def test_the_entry_tells_the_scope(acme: Account, scope: Scope) -> None:
    _, raw = make_key(acme, "a", scope, None)
    table = KeyTable()
    table.load()
    found = table.lookup(raw)
    assert found is not None
    assert found.scope == scope.value
