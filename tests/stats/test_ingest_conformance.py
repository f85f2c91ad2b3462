"""CONTRACT 3, row by row, against a real server: the short lane, by its two ways in, and the API view do not differ."""

import gzip
import http.client
import json
import threading
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from tests.server import Keys, Reply, Server, wait_for
from tests.stats.commits import body, partial


class Face(NamedTuple):
    """A path, and whether the request leaves the connection open, as clients do: then the short lane answers it before
    Twisted has a look."""

    path: str
    open: bool

    def ask(self, server: Server, method: str, query: str, raw: bytes | None = None, **headers: str) -> Reply:
        if not self.open:
            return server.request(method, self.path + query, raw, **headers)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            connection.request(method, self.path + query, raw, named)
            response = connection.getresponse()
            return Reply(response.status, dict(response.headers), response.read())

    def commit(self, server: Server, key: str, commit: dict[str, Any]) -> Reply:
        return self.ask(server, "PUT", f"?auth={key}", json.dumps(commit).encode())


FACES = (Face("/agg", open=True), Face("/agg", open=False), Face("/api/v1/agg/", open=False))


@pytest.fixture(params=FACES, ids=["plain", "/agg", "/api"])
def face(request: pytest.FixtureRequest) -> Face:
    found: Face = request.param
    return found


def total(server: Server, keys: Keys, process: str, name: str) -> float | None:
    """The live total of a counter; None where there is none."""
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    for state in reply.json["processes"]:
        if state["nam"] == process and name in state["stats"]["c"]:
            return float(state["stats"]["c"][name]["total"])
    return None


def put(server: Server, face: Face, keys: Keys, raw: bytes, **headers: str) -> Reply:
    return face.ask(server, "PUT", f"?auth={keys.key}", raw, **headers)


# --- 200 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_commit_is_taken(server: Server, keys: Keys, face: Face, method: str) -> None:
    raw = json.dumps(body("api", partial("new", [1, 2]))).encode()
    reply = face.ask(server, method, f"?auth={keys.key}", raw)
    assert (reply.status, reply.json["ok"]) == (200, True)
    assert total(server, keys, "api", "new") == 3


def test_the_key_may_come_as_a_bearer_token(server: Server, keys: Keys, face: Face) -> None:
    raw = json.dumps(body("api", partial("new", [5]))).encode()
    assert face.ask(server, "PUT", "", raw, Authorization=f"Bearer {keys.key}").status == 200
    assert total(server, keys, "api", "new") == 5


def test_a_gzip_body(server: Server, keys: Keys, face: Face) -> None:
    raw = gzip.compress(json.dumps(body("api", partial("new", [7]))).encode())
    assert put(server, face, keys, raw, Content_Encoding="gzip").status == 200
    assert total(server, keys, "api", "new") == 7


def test_a_chunked_body(server: Server, keys: Keys, face: Face) -> None:
    raw = json.dumps(body("api", partial("new", [11]))).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    pieces = (raw[at : at + 50] for at in range(0, len(raw), 50))
    connection.request("PUT", f"{face.path}?auth={keys.key}", pieces, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert total(server, keys, "api", "new") == 11


def test_the_example_of_the_contract(server: Server, keys: Keys, face: Face) -> None:
    raw = b"""{"nam": "api", "upt": 123.4, "mem": 52428800, "cpu": 3.5, "err": 2, "wrn": 0,
     "iid": "9f2c", "seq": 41, "age": 0,
     "prt": {"c":  [{"typ": "c",  "nam": "new",   "pct": 0.1, "sum": 3, "cnt": 2, "max": 2, "min": 1, "fst": 1,
                     "lst": 2, "bot": 1, "top": 2, "emp": false}],
             "ms": [{"typ": "ms", "nam": "query", "pct": 0.1, "sum": 206, "cnt": 2, "max": 153, "min": 53, "fst": 153,
                     "lst": 53, "bot": 53, "top": 153, "emp": true}],
             "g":  [{"typ": "g",  "nam": "live",  "pct": 0.1, "sum": 23, "cnt": 1, "max": 23, "min": 23, "fst": 23,
                     "lst": 23, "bot": 23, "top": 23, "emp": false}]},
     "evt": [{"lvl": "error", "msg": "boom", "typ": "ValueError", "trc": "Traceback", "age": 1.2, "cnt": 1}]}"""
    assert put(server, face, keys, raw).json == {"ok": True}
    reply = server.request("GET", "/api/v1/processes/", Authorization=f"Bearer {keys.read_key}")
    [process] = reply.json["processes"]
    assert (process["nam"], process["upt"], process["mem"], process["cpu"], process["err"], process["state"]) == (
        "api",
        123.4,
        52428800,
        3.5,
        2,
        "up",
    )


def test_a_repeat_is_taken_once(server: Server, keys: Keys, face: Face) -> None:
    def send(number: int) -> Reply:
        raw = json.dumps(body("api", partial("new", [1]), iid="9f2c", seq=number)).encode()
        return put(server, face, keys, raw)

    assert send(0).json == {"ok": True}
    assert send(2).json == {"ok": True}
    assert send(0).json == {"ok": True, "dup": True}
    assert send(1).json == {"ok": True}
    assert send(1).json == {"ok": True, "dup": True}
    assert total(server, keys, "api", "new") == 3


def test_unknown_fields_and_missing_lists_are_fine(server: Server, keys: Keys, face: Face) -> None:
    one = partial("new", [1], future={"a": [1, None]})
    raw = json.dumps({"nam": "old.client", "prt": {"c": [one], "h": [1]}, "new": True}).encode()
    assert put(server, face, keys, raw).status == 200
    assert total(server, keys, "old.client", "new") == 1


# --- 400 --------------------------------------------------------------------------------------------------------------


def broken(**fields: Any) -> dict[str, Any]:
    return body("api", partial("good", [1]), partial("query", [53, 153], "ms") | fields)


REFUSED: list[tuple[str, bytes, str]] = [
    ("not JSON", b"nam=api", ""),
    ("empty", b"", ""),
    ("an array", b"[]", ""),
    ("not UTF-8", b'{"nam": "\xff", "prt": {}}', ""),
    ("cut off", json.dumps(broken()).encode()[:-5], ""),
    ("no process", b'{"prt": {}}', ""),
    ("no partials", b'{"nam": "api"}', ""),
    ("partials of a wrong type", b'{"nam": "api", "prt": []}', "prt"),
    ("deep nesting", b'{"nam": "api", "prt": {}, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
    ("a bad process name", json.dumps(body("a/b")).encode(), "nam"),
    ("a process named ..", json.dumps(body("..")).encode(), "nam"),
    ("a process name with a newline", json.dumps(body("api\n")).encode(), "nam"),
    ("a long process name", json.dumps(body("a" * 129)).encode(), "nam"),
    ("a bad stat name", json.dumps(broken(nam="../../x")).encode(), "prt.ms[0].nam"),
    ("a name in other letters", json.dumps(broken(nam="größe")).encode(), "prt.ms[0].nam"),
    ("half of a surrogate pair", json.dumps(broken(nam="\ud800")).encode(), "prt.ms[0].nam"),
    ("a text for a number", json.dumps(broken(sum="3")).encode(), "prt.ms[0].sum"),
    ("a boolean for a number", json.dumps(broken(max=True)).encode(), "prt.ms[0].max"),
    ("null for a number", json.dumps(broken(min=None)).encode(), "prt.ms[0].min"),
    ("NaN", json.dumps(broken(sum=float("nan"))).encode(), ""),
    ("infinity", json.dumps(broken(sum=float("inf"))).encode(), ""),
    ("a number beyond a double", json.dumps(broken()).replace('"sum": 206', '"sum": 1e999').encode(), "prt.ms[0].sum"),
    ("no count", json.dumps(broken(cnt=0)).encode(), "prt.ms[0].cnt"),
    ("half a count", json.dumps(broken(cnt=1.5)).encode(), "prt.ms[0].cnt"),
    ("min above max", json.dumps(broken(min=154)).encode(), "prt.ms[0].min"),
    ("a share above one half", json.dumps(broken(pct=0.7)).encode(), "prt.ms[0].pct"),
    ("a negative age", json.dumps(body("api", age=-1)).encode(), "age"),
    ("a negative uptime", json.dumps(body("api", upt=-1)).encode(), "upt"),
    ("an unknown level", json.dumps(body("api", evt=[{"lvl": "fatal", "msg": "x"}])).encode(), "evt[0].lvl"),
]


@pytest.mark.parametrize(("raw", "at"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_body_is_refused_whole_and_its_place_named(
    server: Server, keys_of_this_file: Keys, face: Face, raw: bytes, at: str
) -> None:
    reply = put(server, face, keys_of_this_file, raw)
    assert reply.status == 400
    assert reply.json["ok"] is False
    assert len(reply.json["error"]) > 5
    assert reply.json["at"] == at
    assert total(server, keys_of_this_file, "api", "good") is None


@pytest.fixture(scope="module")
def keys_of_this_file(server: Server) -> Keys:
    return server.new_account("conformance@example.org")


def test_a_body_that_is_not_gzip(server: Server, keys: Keys, face: Face) -> None:
    assert put(server, face, keys, b"{}", Content_Encoding="gzip").status == 400
    half = gzip.compress(json.dumps(body("api")).encode())[:-12]
    assert put(server, face, keys, half, Content_Encoding="gzip").status == 400
    assert put(server, face, keys, b"{}", Content_Encoding="br").status == 400


# --- 401, 403, 405 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "nonsense", "1_" + "0" * 40, "1_" + "A" * 40, "999999999999999999999_" + "a" * 40])
def test_a_missing_or_unknown_key(server: Server, face: Face, key: str) -> None:
    reply = face.ask(server, "PUT", f"?auth={key}", json.dumps(body("api")).encode())
    assert (reply.status, reply.json["ok"]) == (401, False)


def test_a_key_of_another_account_number(server: Server, keys: Keys, face: Face) -> None:
    forged = f"{keys.account + 1}_{keys.key.partition('_')[2]}"
    assert face.ask(server, "PUT", f"?auth={forged}", json.dumps(body("api")).encode()).status == 401


def test_a_read_key_cannot_send(server: Server, keys: Keys, face: Face) -> None:
    reply = face.ask(server, "PUT", f"?auth={keys.read_key}", json.dumps(body("api")).encode())
    assert reply.status == 403


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_other_methods(server: Server, keys: Keys, face: Face, method: str) -> None:
    assert face.ask(server, method, f"?auth={keys.key}").status == 405


# --- 413 --------------------------------------------------------------------------------------------------------------


def test_a_body_over_one_mebibyte(server: Server, keys: Keys, face: Face) -> None:
    padded = json.dumps(body("api", partial("big", [1]), pad="x" * (1 << 20))).encode()
    assert put(server, face, keys, padded).status == 413
    assert total(server, keys, "api", "big") is None


def test_a_chunked_body_over_one_mebibyte(server: Server, keys: Keys, face: Face) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("PUT", f"{face.path}?auth={keys.key}", (b" " * 65536 for _ in range(17)), encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_small_body_that_unpacks_to_too_much(server: Server, keys: Keys, face: Face) -> None:
    bomb = gzip.compress(b" " * (64 << 20))
    assert len(bomb) < 1 << 20
    assert put(server, face, keys, bomb, Content_Encoding="gzip").status == 413


def test_a_body_just_within_the_limit(server: Server, keys: Keys, face: Face) -> None:
    raw = json.dumps(body("api", partial("fits", [1]))).encode()
    assert put(server, face, keys, raw + b" " * ((1 << 20) - len(raw))).status == 200


# --- 429, 503, dropped ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with small limits."""
    small = Server(tmp_path_factory.mktemp("small") / "data", DATTSS_RATE_LIMIT="5", DATTSS_MAX_STATS="3", UDP_PORT="0")
    yield small.start()
    small.stop()


def test_over_the_rate(small: Server, face: Face) -> None:
    keys = small.new_account(f"fast{FACES.index(face)}@example.org")
    replies: list[Reply] = []

    def send() -> None:
        replies.append(face.commit(small, keys.key, body("api")))

    threads = [threading.Thread(target=send) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = {reply.status for reply in replies}
    assert statuses == {200, 429}
    refused = next(reply for reply in replies if reply.status == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    wait_for(lambda: face.commit(small, keys.key, body("api")).status == 200, 5, "the rate to be free again")


def test_over_the_limit_of_stats(small: Server, face: Face) -> None:
    keys = small.new_account(f"wide{FACES.index(face)}@example.org")
    assert face.commit(small, keys.key, body("api", partial("a", [1]))).json == {"ok": True}
    wide = body("api", *[partial(name, [1]) for name in "abcde"])
    assert face.commit(small, keys.key, wide).json == {"ok": True, "dropped": 2}
    assert [total(small, keys, "api", name) for name in "abcde"] == [2, 1, 1, None, None]
