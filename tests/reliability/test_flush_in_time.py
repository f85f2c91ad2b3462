"""A minute's lines are in their files 10 s after its end, also where Celery does not ask for the flush."""

from pathlib import Path

import pytest

from tests.reliability.scene import Scene, one_process, with_redis
from tests.reliability.surroundings import no_clock
from tests.server import Keys, wait_for
from tests.stats.commits import body, partial

BEFORE_THE_END = 2.0  # seconds, to which `before_a_flush` sets the clock
STEP = 1.5  # until a new time is seen, and until the file is looked at
DAY = 1440  # minutes
CLOSE = 30  # minutes

pytestmark = pytest.mark.skipif(bool(no_clock()), reason=no_clock())


def send(scene: Scene, keys: Keys) -> None:
    assert scene.server.commit(keys.key, body("api", partial("x", [1]))).status == 200


def wait_for_lines(scene: Scene, keys: Keys, hours: int) -> None:
    """Waits for a minute's end and its line in the file, until lines are of as many `hours`."""
    scene.before_a_flush()
    limit = BEFORE_THE_END + 10.0 + STEP
    wait_for(lambda: len(hours_of(scene, keys)) == hours, limit, "the minute's line")


def hours_of(scene: Scene, keys: Keys) -> list[int]:
    """Of the file's lines the minutes of the day, without those that follow another closely: a slow test may run into
    the next minute."""
    found: list[int] = []
    for line in scene.server.lines(keys.account, "api", "c", "x"):
        minute = int(line[0][:2]) * 60 + int(line[0][3:])
        apart = abs(minute - found[-1]) if found else DAY // 2
        if min(apart, DAY - apart) > CLOSE:
            found.append(minute)
    return found


def test_without_redis(tmp_path: Path) -> None:
    with with_redis(tmp_path, False) as scene:
        keys = scene.server.new_account("alice@example.org")
        assert scene.redis is not None
        scene.redis.kill()
        send(scene, keys)
        wait_for_lines(scene, keys, 1)
        assert "flushing without it" in scene.server.log.read_text()


def test_after_the_clock_was_set_back(tmp_path: Path) -> None:
    with one_process(tmp_path, False) as scene:
        keys = scene.server.new_account("alice@example.org")
        assert scene.clock is not None
        send(scene, keys)
        before = scene.clock.now()
        scene.clock.step(-3600)
        wait_for(lambda: seen(scene, keys) < before - 3000, 10, "the server to see the new time")
        send(scene, keys)  # the first that is surely of an hour ago: between commit and answer the clock may be seen
        wait_for_lines(scene, keys, 2)


def seen(scene: Scene, keys: Keys) -> float:
    send(scene, keys)
    reply = scene.server.request("GET", "/api/v1/processes/", Authorization=f"Bearer {keys.read_key}")
    return float(next(one["seen"] for one in reply.json["processes"] if one["nam"] == "api"))
