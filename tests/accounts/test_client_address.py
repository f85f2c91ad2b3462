"""The address of a client: of what stands in X-Forwarded-For, only what our own proxies have put there counts."""

import pytest
from pytest_django import Settings

from accounts.client_address import address_in_scope, client_address

PEER = "192.0.2.9"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", PEER),
        (0, "198.51.100.1", PEER),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.66, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.66, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", PEER),
        (1, "nobody", PEER),
        (1, "", PEER),
        (1, "2001:db8::0:1", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_clients_address(settings: Settings, proxies: int, forwarded: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_address(PEER, forwarded) == address


@pytest.mark.parametrize("peer", [None, "", "/run/dattss.sock"])
def test_a_peer_without_an_address(peer: str | None) -> None:
    assert client_address(peer, "") is None


@pytest.mark.parametrize(
    ("proxies", "lines", "address"),
    [
        (0, [b"198.51.100.1"], PEER),
        (1, [b"203.0.113.66", b"198.51.100.1"], "198.51.100.1"),
        (2, [b"203.0.113.66, 198.51.100.1", b"10.0.0.1"], "198.51.100.1"),
        (2, [b"203.0.113.66", b"198.51.100.1", b"10.0.0.1"], "198.51.100.1"),
    ],
)
def test_proxies_that_each_add_a_line(settings: Settings, proxies: int, lines: list[bytes], address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = [(b"host", b"testserver"), *((b"x-forwarded-for", line) for line in lines)]
    assert address_in_scope({"client": (PEER, 1), "headers": headers}) == address
