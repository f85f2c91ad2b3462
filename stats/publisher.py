"""Sends an account's snapshot and changes to the pages that watch it, over the channel layer."""

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from channels.layers import BaseChannelLayer

from stats.aggregation.pages import SLOT_SECONDS, slot_of
from stats.aggregation.watching import Watching

_RECENT_EVENTS = 20
HEED_SECONDS = 30.0  # a page that does not renew its interest in events is gone


def group_of(account_id: int) -> str:
    """The channel-layer group of everybody who watches an account."""
    return f"live-{account_id}"


class Publisher:
    """Numbers the messages of each account, so that a receiver notices what the channel layer has dropped.

    The numbers are those of one `series`: another publisher, after a restart or in the account's next shard, begins
    again.
    """

    def __init__(
        self, watching: Watching, layer: BaseChannelLayer, recent_events: Callable[[int, int], list[dict[str, Any]]]
    ) -> None:
        self._watching = watching
        self._layer = layer
        self._recent_events = recent_events
        self._series = secrets.token_hex(4)
        self._numbers: dict[int, int] = {}
        self._told_slot: dict[int, int] = {}
        self._heeded_until: dict[int, float] = {}

    async def watch(self, account_id: int, channel: str | None, now: float, *, public: bool = False) -> None:
        """Renews the interest in an account; with a `channel`, sends it a snapshot, a `public` one without events."""
        self._watching.watch(account_id, now)
        if channel is None:
            return
        # What changed before is in the snapshot; sent now, the others get it and the numbers stay in step.
        await self._publish_changes(account_id, now)
        number = self._numbers.get(account_id, 0)
        message = {
            "type": "snapshot",
            "n": number,
            "at": round(now, 3),
            "ivl": SLOT_SECONDS,
            "account": account_id,
            **self._watching.snapshot(account_id, now),
            "events": [] if public else self._recent_events(account_id, _RECENT_EVENTS),
        }
        await self._layer.send(channel, self._wrapped("live.snapshot", number, message))

    async def heed(self, account_id: int, channel: str, now: float) -> None:
        """Renews the interest of `channel` in an account's events alone, and tells it so: its values are not looked at
        for it."""
        self._heeded_until[account_id] = now + HEED_SECONDS
        await self._layer.send(channel, self._wrapped("live.snapshot", 0, {"type": "alive"}))

    def is_heeded(self, account_id: int, now: float) -> bool:
        """Whether somebody wants to hear of the account's events."""
        return self._watching.is_watched(account_id, now) or self._heeded_until.get(account_id, 0.0) > now

    async def tick(self, now: float) -> None:
        """Sends what has changed; a watched account hears at least once each slot, so that silence means trouble."""
        watched = self._watching.watched(now)
        if len(self._numbers) > len(watched):
            self._forget_all_but(watched)
        self._heeded_until = {account: until for account, until in self._heeded_until.items() if until > now}
        for account_id in watched:
            await self._publish_changes(account_id, now)

    def _forget_all_but(self, watched: list[int]) -> None:
        """Numbers of accounts that nobody looks at: who comes next begins with a snapshot."""
        self._numbers = {account: self._numbers[account] for account in watched if account in self._numbers}
        self._told_slot = {account: self._told_slot[account] for account in watched if account in self._told_slot}

    async def events(self, account_id: int, events: list[dict[str, Any]], now: float) -> None:
        """Sends errors and warnings, one after the other, to those who watch."""
        for event in events:
            await self._send(account_id, {"type": "event", "at": round(now, 3), "event": event}, public=False)

    async def _publish_changes(self, account_id: int, now: float) -> None:
        changes = self._watching.changes(account_id, now)
        slot = slot_of(now)
        if (
            not (changes["processes"] or changes["stats"] or changes["gone"])
            and self._told_slot.get(account_id) == slot
        ):
            return
        self._told_slot[account_id] = slot
        await self._send(account_id, {"type": "update", "at": round(now, 3), **changes})

    async def _send(self, account_id: int, message: dict[str, Any], *, public: bool = True) -> None:
        number = self._numbers[account_id] = self._numbers.get(account_id, 0) + 1
        message["n"] = number
        wrapped = self._wrapped("live.message", number, message)
        await self._layer.group_send(group_of(account_id), {**wrapped, "public": public})

    def _wrapped(self, kind: str, number: int, message: dict[str, Any]) -> dict[str, Any]:
        """The message as a text that is encoded once, however many pages get it."""
        return {"type": kind, "series": self._series, "n": number, "text": msgspec.json.encode(message).decode()}
