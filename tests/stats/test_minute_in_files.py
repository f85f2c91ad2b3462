"""The main job, end to end: what is sent by whatever way is, 10 s after the minute, in the file."""

import gzip
import http.client
import json
import socket
from datetime import UTC, datetime
from pathlib import Path

from tests.reliability.scene import Scene, one_process
from tests.reliability.test_flush_in_time import STEP, seen
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial

MINUTE_AND_TEN_SECONDS = 75.0


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")


def begin_of_a_minute(scene: Scene) -> float:
    """What the server sees, when most of the minute is left to send everything in it."""
    if scene.clock is not None:
        scene.clock.step_to_second(1)
    somebody = scene.server.new_account("somebody@example.org")

    def begun() -> float:
        at = seen(scene, somebody)
        return at if at % 60 < 30 and scene.now() - at < 10 else 0.0

    return wait_for(begun, 45, "a new minute")


def test_what_was_sent_is_in_the_line_of_its_minute(tmp_path: Path) -> None:
    with one_process(tmp_path, small_disk=False) as scene:
        server, keys = scene.server, scene.server.new_account("alice@example.org")
        begun = begin_of_a_minute(scene)
        server.commit(keys.key, body("api", partial("orders", [3, 1, 2]), partial("query", [153, 53.5, 80], "ms")))
        packed = gzip.compress(json.dumps(body("api", partial("orders", [10]), partial("live", [23, 0], "g"))).encode())
        server.request("PUT", f"/agg?auth={keys.key}", packed, Content_Encoding="gzip")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        raw = json.dumps(body("api", partial("orders", [0.5]))).encode()
        connection.request("PUT", f"/agg?auth={keys.key}", iter([raw[:40], raw[40:]]), encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()
        lines = f"{keys.key}:job:mail:sent:2c\n{keys.key}:job:mail:sent:3c\nnonsense\n{keys.key}:job:wait:12ms!"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(lines.encode(), ("127.0.0.1", server.udp_port))
        assert clock(scene.now()) == clock(begun)
        scene.before_a_flush()

        end = (begun // 60 + 1) * 60
        wait_for(lambda: server.lines(keys.account, "api", "c", "orders"), MINUTE_AND_TEN_SECONDS, "the minute's line")
        assert scene.now() - end < 10 + STEP
        minute = clock(begun)
        [orders] = server.lines(keys.account, "api", "c", "orders")
        # HH:MM,SUM,CNT,MAX,MIN,BOT,TOP,FST,LST
        assert [orders[at] for at in (0, 1, 2, 3, 4, 7, 8)] == [minute, "16.5", "5", "10", "0.5", "3", "0.5"]
        [query] = server.lines(keys.account, "api", "ms", "query")
        assert query == [minute, "286.5", "3", "153", "53.5", "53.5", "153", "153", "80"]
        [live] = server.lines(keys.account, "api", "g", "live")
        assert live == [minute, "23", "2", "23", "0", "0", "23", "23", "0"]
        wait_for(lambda: server.lines(keys.account, "job", "c", "mail:sent"), MINUTE_AND_TEN_SECONDS, "the UDP values")
        [sent] = server.lines(keys.account, "job", "c", "mail:sent")
        assert sent[1:5] == ["5", "2", "3", "2"]

        # The state is written after the lines.
        current = server.data / "stats" / str(keys.account) / "current" / "api.cur"
        wait_for(current.exists, MINUTE_AND_TEN_SECONDS, "the state of the process in its file")
        state = json.loads(current.read_text())
        assert state["stats"]["c"]["orders"]["total"] == 16.5
        path = f"/api/v1/stats/api/c/orders/day/?step=1&tz=UTC&date={datetime.fromtimestamp(begun, UTC):%Y-%m-%d}"
        day = server.request("GET", path, Authorization=f"Bearer {keys.read_key}").json
        assert len(day["today"]) == len(day["week"]) == len(day["typical"]) == 1440
        assert [point["sum"] for point in day["today"] if point] == [16.5]


def test_udp_counts_bad_lines_and_touches_nobody(server: Server, keys: Keys) -> None:
    bad = [
        f"{keys.key}:job:x:12msXYZ",
        f"{keys.key}:..:x:1c",
        f"{keys.key}:job:a/b:1c",
        f"{keys.read_key}:job:x:1c",
        f"{keys.key}:job:1c",
        "1_" + "0" * 40 + ":job:x:1c",
        "\x00\xff",
    ]
    before = demo_total(server, "udp.bad")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto("\n".join(bad).encode("latin-1"), ("127.0.0.1", server.udp_port))
    wait_for(lambda: demo_total(server, "udp.bad") - before == len(bad), 20, "the bad lines to be counted")
    reply = server.request("GET", "/api/v1/processes/", Authorization=f"Bearer {keys.read_key}")
    assert reply.json["processes"] == []


def demo_total(server: Server, name: str) -> float:
    for process in server.request("GET", "/api/v1/current/?account=0").json["processes"]:
        if name in process["stats"]["c"]:
            return float(process["stats"]["c"][name]["total"])
    return 0.0
