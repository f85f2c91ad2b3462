"""Groups of errors as they are asked for: exact through a kill and a restart, in a file, and nobody else's."""

import json
from collections.abc import Callable

from tests.server import Keys, Server, wait_for
from tests.stats.commits import body

STACK = 'Traceback (most recent call last):\n  File "/srv/shop/cart.py", line {}, in total\nKeyError: {}\n'


def send(server: Server, keys: Keys, process: str, number: int, cnt: int = 1) -> None:
    event = {"lvl": "error", "typ": "KeyError", "msg": f"sku {number}", "trc": STACK.format(number, number), "cnt": cnt}
    assert server.commit(keys.key, body(process, evt=[event], iid=process, seq=number)).status == 200


def groups(server: Server, keys: Keys, path: str = "errors/") -> list[dict[str, object]]:
    reply = server.request("GET", f"/api/v1/{path}", Authorization=f"Bearer {keys.read_key}")
    assert reply.status == 200
    return list(reply.json["groups"])


def test_counts_are_exact_through_a_kill_and_a_restart(new_server: Callable[..., Server]) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    for number in range(3):
        send(server, keys, "web", number, cnt=1000)
    send(server, keys, "cron", 3)
    send(server, keys, "cron", 3)  # a repeat
    server.kill()
    server.start()
    (group,) = groups(server, keys)
    assert (group["cnt"], group["nam"], group["title"]) == (3001, {"web": 3000, "cron": 1}, "sku 0")
    assert group["why"] == "Grouped by KeyError and 1 frame of the program, the innermost total in shop/cart.py."
    server.stop()
    server.start()
    send(server, keys, "web", 4)
    (group,) = groups(server, keys)
    assert group["cnt"] == 3002
    lines = (server.data / "stats" / str(keys.account) / "groups").read_text().splitlines()
    assert [json.loads(line)["cnt"] for line in lines] == [3001]


def test_one_group_with_its_stack_and_its_events(new_server: Callable[..., Server]) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    send(server, keys, "web", 1)
    (group,) = groups(server, keys)
    assert "trc" not in group
    reply = server.request("GET", f"/api/v1/errors/{group['key']}/", Authorization=f"Bearer {keys.read_key}")
    assert reply.json["group"]["trc"] == STACK.format(1, 1)
    assert [event["msg"] for event in reply.json["events"]] == ["sku 1"]
    for path, who in (
        (f"warnings/{group['key']}/", keys),
        ("errors/none/", keys),
        (f"errors/{group['key']}/", other(server)),
    ):
        assert server.request("GET", f"/api/v1/{path}", Authorization=f"Bearer {who.read_key}").status == 404


def other(server: Server) -> Keys:
    keys = server.new_account("charlie@example.org")
    wait_for(lambda: server.commit(keys.key, body("web")).status == 200, 10, "the other account")
    return keys
