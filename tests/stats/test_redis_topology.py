"""With `REDIS_URL` the same server runs on channels-redis and Celery on Redis, as separate processes."""

from collections.abc import Callable
from pathlib import Path

import psutil

from tests import redis_server
from tests.reliability.scene import with_redis
from tests.server import Server, free_port, wait_for
from tests.stats.commits import body, partial
from tests.stats.test_live_websocket import until, watching


def test_a_minute_goes_through_redis_and_celery(tmp_path: Path) -> None:
    with with_redis(tmp_path, small_disk=False) as scene:
        server = scene.server
        keys = server.new_account("alice@example.org")
        children = psutil.Process(server.pid).children(recursive=True)
        assert {"worker", "beat"} <= {word for child in children for word in child.cmdline()}
        with watching(server, keys.read_key) as listener:
            server.commit(keys.key, body("api", partial("x", [1, 2])))
            assert until(listener, "x")["total"] == 3
        assert server.request("GET", "/readyz").json == {"ok": True, "problems": []}
        wait_for(lambda: server.lines(keys.account, "api", "c", "x"), 75, "Celery's flush of the minute")
        assert scene.now() % 60 < 10
        assert [line[1] for line in server.lines(keys.account, "api", "c", "x")] == ["3"]
        assert server.stop() == 0
        assert not [child for child in children if child.is_running()]


def test_ingest_goes_on_while_redis_is_away(new_server: Callable[..., Server], tmp_path: Path) -> None:
    port = free_port(1)
    away = redis_server.start(tmp_path, port)
    server = new_server(REDIS_URL=f"redis://127.0.0.1:{port}/0")
    keys = server.new_account("alice@example.org")
    assert server.commit(keys.key, body("api", partial("x", [1]))).status == 200
    away.kill()
    away.wait()
    assert server.commit(keys.key, body("api", partial("x", [2]))).status == 200
    assert server.request("GET", "/readyz").status == 503
    back = redis_server.start(tmp_path, port)
    wait_for(lambda: server.request("GET", "/readyz").status == 200, 60, "the server to be whole again")
    server.commit(keys.key, body("api", partial("x", [4])))
    assert server.stop() == 0
    back.terminate()
    back.wait()
    assert sum(float(line[1]) for line in server.lines(keys.account, "api", "c", "x")) == 7
