"""The address of a client: of what stands in X-Forwarded-For, only what our own proxies have put there counts."""

import pytest
from pytest_django import Settings

from accounts.client_address import client_address

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
    ],
)
def test_the_clients_address(settings: Settings, proxies: int, forwarded: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_address(PEER, forwarded) == address


@pytest.mark.parametrize("peer", [None, "", "/run/dattss.sock"])
def test_a_peer_without_an_address(peer: str | None) -> None:
    assert client_address(peer, "") is None
