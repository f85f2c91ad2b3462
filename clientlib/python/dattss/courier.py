"""Delivers what the outbox holds, and decides what an answer, or none, means for the next attempt."""

from __future__ import annotations

import logging
import math
import random
from typing import Any, Protocol

from dattss.outbox import Commit, Outbox
from dattss.transport import Answer, Transport, UnreachableError

log = logging.getLogger("dattss")

_FIRST_PAUSE = 1.0  # seconds after the first failure; doubled after each further one
_LONGEST_PAUSE = 30.0
_LONGEST_WISH = 3600.0  # the most that a Retry-After is believed
_TIMEOUT = 5.0  # seconds that the server has for each step of an exchange

_NEVER_TAKEN = frozenset({400, 413, 422})
_ADVICE = {
    401: "the key is missing, unknown or revoked; set DATTSS_AUTH_KEY (or auth=) to a commit key of the account",
    403: "this key may only read; set DATTSS_AUTH_KEY (or auth=) to a commit key of the account",
    404: "there is no DaTtSs server at this address; set DATTSS_URL (or url=) to the server's address without /agg",
    429: "the account sends more commits than its rate limit allows",
    503: "the server cannot store commits at the moment",
}


class Clock(Protocol):
    """Where the time comes from."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def wall(self) -> float:
        """Seconds since 1970, UTC."""


class Courier:
    """Sends the commits of one process instance, oldest first. Not for several threads at once.

    `retry_at` is the monotonic time before which nothing is sent. `interval` is what the server last asked for, in
    seconds.
    """

    def __init__(self, outbox: Outbox, transport: Transport, iid: str, clock: Clock) -> None:
        self.retry_at = 0.0
        self.interval: float | None = None
        self._outbox = outbox
        self._transport = transport
        self._iid = iid
        self._clock = clock
        self._seq = 0
        self._failures = 0
        self._said: set[str] = set()
        self._random = random.Random()  # noqa: S311 - spreads attempts, keeps no secret

    def deliver(self, deadline: float, answered_by: float = math.inf) -> None:
        """Sends until all is delivered, the server has enough, or the time `deadline` has come.

        The server must answer within five seconds, and by `answered_by`. Both times are monotonic.
        """
        while self._clock.monotonic() < deadline:
            commit = self._outbox.oldest()
            if commit is None or not self._send(commit, answered_by):
                return

    def _send(self, commit: Commit, answered_by: float) -> bool:
        """Whether the next commit may follow."""
        if commit.seq is None:
            self._seq += 1
            commit.seq = self._seq
        now = self._clock.monotonic()
        try:
            answer = self._transport.put(self._message(commit, now), min(_TIMEOUT, max(answered_by - now, 0.05)))
        except UnreachableError as error:
            self._say("unreachable", "DaTtSs server does not answer (%s); values are kept and sent later", error)
            self._pause(None)
            return False
        return self._heed(answer)

    def _message(self, commit: Commit, now: float) -> dict[str, Any]:
        age = round(max(now - commit.end, 0.0), 3)
        message = {**commit.facts, "iid": self._iid, "seq": commit.seq, "age": age, "prt": commit.prt}
        return {**message, "evt": commit.evt()} if commit.told else message

    def _heed(self, answer: Answer) -> bool:
        if answer.status == 200 and answer.body.get("ok") is True:
            self._arrived(answer)
            return True
        if answer.status in _NEVER_TAKEN:
            self._say(
                f"refused {answer.status}",
                "DaTtSs server refused a commit for good, its values are lost (status %s: %s at %s)",
                answer.status,
                answer.body.get("error", "no reason given"),
                answer.body.get("at", "no place given"),
            )
            self._outbox.refused()
            return True
        self._say(f"status {answer.status}", "DaTtSs server does not take commits: %s", _advice(answer))
        self._pause(answer.retry_after)
        return False

    def _arrived(self, answer: Answer) -> None:
        self._outbox.delivered()
        self._failures = 0
        self.retry_at = 0.0
        self._said = {said for said in self._said if said.startswith("refused")}
        wish = answer.body.get("ivl")
        if isinstance(wish, (int, float)) and not isinstance(wish, bool) and 1 <= wish <= 3600:
            self.interval = float(wish)

    def _pause(self, wish: float | None) -> None:
        pause = min(_FIRST_PAUSE * 2.0 ** min(self._failures, 10), _LONGEST_PAUSE)
        self._failures += 1
        pause *= self._random.uniform(0.5, 1.0)  # a fleet that lost its server shall not come back in one instant
        if wish is not None:
            # Never before the time that the server named, and not all of the fleet at that time.
            pause = min(max(wish, 0.0), _LONGEST_WISH) + pause * 0.1
        self.retry_at = self._clock.monotonic() + pause

    def _say(self, what: str, message: str, *facts: object) -> None:
        """Logs a thing once, until a commit arrives again; a refusal once for all."""
        if what not in self._said:
            self._said.add(what)
            log.warning(message, *facts)


def _advice(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"it points to {answer.location}; set DATTSS_URL (or url=) to that server"
    if answer.status == 200:
        return "what answers at this address is no DaTtSs server; check DATTSS_URL (or url=)"
    reason = _ADVICE.get(answer.status) or answer.body.get("error", "no reason given")
    return f"{reason} (status {answer.status})"
