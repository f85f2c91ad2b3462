"""Guessing keys: after 20 unknown ones a client waits; valid keys pass, whatever else comes from their address."""

from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.access import access_for_read_key
from accounts.guessing import MOST_CLIENTS, MOST_UNKNOWN, SECONDS, Guesses
from accounts.keys import make_key
from accounts.models import Account, Scope

ADDRESS = "192.0.2.1"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def key(number: int) -> str:
    return f"1_{number:040x}"


def tried(found: Guesses, count: int, address: str | None = ADDRESS) -> list[int]:
    return [found.note(address, key(number)) for number in range(count)]


def test_after_some_unknown_keys_a_client_waits_for_the_minute_to_end() -> None:
    clock = Clock()
    found = Guesses(clock)
    assert tried(found, MOST_UNKNOWN) == [0] * MOST_UNKNOWN
    clock.now += 12.5
    assert found.note(ADDRESS, key(99)) == 48
    clock.now += SECONDS - 12.5
    assert tried(found, MOST_UNKNOWN) == [0] * MOST_UNKNOWN
    assert found.note(ADDRESS, key(99)) == SECONDS


def test_the_same_old_key_again_and_again_is_no_guess() -> None:
    found = Guesses()
    assert [found.note(ADDRESS, key(1)) for _ in range(1000)] == [0] * 1000
    tried(found, MOST_UNKNOWN)
    assert found.note(ADDRESS, key(100)) > 0
    assert found.note(ADDRESS, key(1)) == 0


def test_a_request_without_a_key_is_no_guess() -> None:
    found = Guesses()
    assert [found.note(ADDRESS, "") for _ in range(100)] == [0] * 100


def test_each_client_is_counted_for_itself() -> None:
    found = Guesses()
    tried(found, MOST_UNKNOWN)
    assert found.note("192.0.2.2", key(100)) == 0
    assert found.note(None, key(100)) == 0


def test_a_network_of_version_6_is_one_client() -> None:
    found = Guesses()
    for number in range(MOST_UNKNOWN):
        assert found.note(f"2001:db8:0:1::{number:x}", key(number)) == 0
    assert found.note("2001:db8:0:1:ffff::", key(99)) > 0
    assert found.note("2001:db8:0:2::", key(99)) == 0


@given(st.lists(st.tuples(st.ip_addresses(), st.text(max_size=3)), max_size=300))
def test_whatever_comes_it_waits_at_most_a_minute_and_keeps_a_bounded_number(tries: list[tuple[object, str]]) -> None:
    found = Guesses()
    assert all(0 <= found.note(str(address), raw) <= SECONDS for address, raw in tries)
    assert len(found) <= MOST_CLIENTS


def test_memory_is_bounded() -> None:
    found = Guesses()
    tried(found, MOST_UNKNOWN)
    for number in range(2 * MOST_CLIENTS):
        found.note(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", key(number))
    assert len(found) == MOST_CLIENTS


# --- the read API -----------------------------------------------------------------------------------------------------


def ask(raw: str, address: str = ADDRESS) -> tuple[int, str]:
    response = Client(REMOTE_ADDR=address).get("/api/v1/errors/", headers={"Authorization": f"Bearer {raw}"})
    return response.status_code, response.headers.get("Retry-After", "")


def test_the_read_api_lets_guessers_wait_and_valid_keys_pass(acme: Account) -> None:
    _, raw_ingest = make_key(acme, "i", Scope.INGEST, None)
    _, raw = make_key(acme, "r", Scope.READ, None)
    assert [ask(key(number))[0] for number in range(MOST_UNKNOWN)] == [401] * MOST_UNKNOWN
    status, wait = ask(key(99))
    assert (status, 1 <= int(wait) <= SECONDS) == (429, True)
    assert ask(raw_ingest)[0] == 403
    assert access_for_read_key(raw, ADDRESS).account == acme
    assert ask(key(99), "192.0.2.2")[0] == 401
