"""Alice, Bob, Vera and Charlie, as the tests of accounts have them."""

from tests.accounts.conftest import _fresh_rate_limits, acme, alice, bob, browser_of, charlie, opened, vera

__all__ = ["_fresh_rate_limits", "acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]
