"""How many commits a second an account may send: a token bucket for each account."""

FULL_AFTER = 1.0  # seconds without a commit


class RateLimit:
    """`rate` commits a second for each account, with a burst of one second's worth; 0 means no limit."""

    def __init__(self, rate: int) -> None:
        self._rate = float(rate)
        self._buckets: dict[int, tuple[float, float]] = {}  # tokens left, and when they were counted

    def take(self, account_id: int, now: float) -> bool:
        """Takes a token of the account, if it has one at the time `now` (seconds, any steady clock)."""
        if not self._rate:
            return True
        tokens, counted = self._buckets.get(account_id, (self._rate, now))
        tokens = min(self._rate, tokens + max(now - counted, 0.0) * self._rate)
        allowed = tokens >= 1.0
        self._buckets[account_id] = (tokens - allowed, now)
        return allowed

    def forget(self, now: float) -> None:
        """Drops the buckets that are full again: one that is not there is full."""
        self._buckets = {account: one for account, one in self._buckets.items() if now - one[1] < FULL_AFTER}

    def __len__(self) -> int:
        return len(self._buckets)
