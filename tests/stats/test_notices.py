"""The websocket of pages that show no values: errors and warnings as they come, and that it is still heard."""

import json
import time
from collections.abc import Iterator

import pytest
from websockets.sync.client import ClientConnection

from stats.aggregation.watching import Watching
from stats.publisher import HEED_SECONDS
from stats.shard import Shard
from tests.server import Keys, Server
from tests.stats.commits import body, partial
from tests.stats.conftest import Clock
from tests.stats.test_live_websocket import bearer, closed_with, listening, message, messages, watching

BOOM = {"lvl": "error", "msg": "boom"}


def told(socket: ClientConnection) -> Iterator[dict[str, object]]:
    return (received for received in messages(socket) if received["type"] != "alive")


@pytest.mark.parametrize("watched", [False, True], ids=["alone", "beside a dashboard"])
def test_only_events_come(server: Server, keys: Keys, watched: bool) -> None:
    path, headers = "/ws/notices/", bearer(keys.read_key)
    with listening(server, path, **headers) as socket:
        assert message(socket) == {"type": "alive"}
        if watched:
            with watching(server, keys.read_key):
                server.commit(keys.key, body("api", partial("x", [1]), evt=[BOOM]))
        else:
            server.commit(keys.key, body("api", partial("x", [1]), evt=[BOOM]))
        first = next(told(socket))
        server.commit(keys.key, body("api", partial("x", [1]), evt=[BOOM | {"lvl": "warning"}]))
        second = next(told(socket))
    assert [one["type"] for one in (first, second)] == ["event", "event"]
    assert '"lvl":"error"' in json.dumps(first, separators=(",", ":"))
    assert '"lvl":"warning"' in json.dumps(second, separators=(",", ":"))


def test_silence_is_broken_before_a_page_takes_it_for_a_lost_connection(server: Server, keys: Keys) -> None:
    with listening(server, "/ws/notices/", **bearer(keys.read_key)) as socket:
        message(socket)
        begun = time.monotonic()
        assert message(socket) == {"type": "alive"}
        assert time.monotonic() - begun < 9


def test_errors_of_account_0_are_not_public(server: Server) -> None:
    key = (server.data / "system_key").read_text().strip()
    with listening(server, "/ws/notices/?account=0", Origin=server.url) as socket:
        message(socket)
        assert server.commit(key, body("own", evt=[BOOM])).status == 200
        assert message(socket) == {"type": "alive"}


def test_who_is_refused(server: Server, keys: Keys) -> None:
    assert closed_with(server, "/ws/notices/", Origin=server.url) == 4401
    assert closed_with(server, "/ws/notices/", **bearer(keys.key)) == 4401
    assert closed_with(server, f"/ws/notices/?account={keys.account + 1}", **bearer(keys.read_key)) == 4404


@pytest.mark.django_db(transaction=True)
async def test_no_values_are_looked_at_for_it(shard: Shard, clock: Clock) -> None:
    await shard.publisher.heed(1, "page", clock.now)
    assert shard.publisher.is_heeded(1, clock.now)
    assert not Watching(shard.registry).is_watched(1, clock.now)
    clock.now += HEED_SECONDS
    await shard.publisher.tick(clock.now)
    assert not shard.publisher.is_heeded(1, clock.now)
