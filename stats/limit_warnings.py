"""The warning that an account is over its limit of live stats."""

from stats.aggregation.commit import Commit, Event, Partials

WARN_SECONDS = 60.0


class LimitWarnings:
    """When each account was told; at most once a minute."""

    def __init__(self) -> None:
        self._told: dict[int, float] = {}

    def of(self, account_id: int, process: str, dropped: int, now: float) -> Commit | None:
        """The commit with the warning that `dropped` new stats of the process were left out; None where the account has
        just been told."""
        if now - self._told.get(account_id, 0.0) < WARN_SECONDS:
            return None
        self._told[account_id] = now
        message = f"The account is at its limit of live stats: {dropped} new stats of {process} were left out."
        return Commit(nam="dattss", prt=Partials(), evt=[Event("warning", message, typ="LimitReached")])

    def forget(self, now: float) -> None:
        """Forgets accounts that may be told again."""
        self._told = {one: at for one, at in self._told.items() if now - at < WARN_SECONDS}
