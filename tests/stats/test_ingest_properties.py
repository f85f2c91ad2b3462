"""Whatever comes in: never a 5xx, never a half-taken commit, never a file outside the account's folder."""

import gzip
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial

FACES = ("/agg", "/api/v1/agg/")
sending = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["..", ".", "a/b", "../../etc", "a\x00b", "\ud800", "", "x" * 200, 1e290, -1e300, 2**70, -1])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
fields = st.sampled_from(["nam", "prt", "upt", "mem", "cpu", "err", "wrn", "iid", "seq", "age", "evt"])
partial_fields = st.sampled_from(["nam", "typ", "pct", "sum", "cnt", "max", "min", "fst", "lst", "bot", "top", "emp"])


@st.composite
def damaged_commits(draw: st.DrawFn) -> bytes:
    """A good commit of the process `p` with something done to it."""
    good: dict[str, Any] = body("p", partial("a", [1]), partial("b", [2], "ms"), partial("c", [3], "g"))
    for name in draw(st.lists(fields, max_size=2)):
        good[name] = draw(values)
    if isinstance(good["prt"], dict) and draw(st.booleans()):
        kind = draw(st.sampled_from(["c", "ms", "g"]))
        if isinstance(good["prt"].get(kind), list):
            good["prt"][kind][0][draw(partial_fields)] = draw(values)
    raw = json.dumps(good).encode()
    if draw(st.booleans()):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=6)) + raw[at + draw(st.integers(0, 6)) :]
    return raw


def processes(server: Server, keys: Keys) -> list[dict[str, Any]]:
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    states: list[dict[str, Any]] = reply.json["processes"]
    return states


def counts(states: list[dict[str, Any]]) -> dict[tuple[str, str, str], Any]:
    """What grows with every taken commit: totals and last values, errors."""
    facts: dict[tuple[str, str, str], Any] = {}
    for state in states:
        facts[state["nam"], "", "err"] = state["err"]
        for kind, stats in state["stats"].items():
            for name, stat in stats.items():
                facts[state["nam"], kind, name] = stat.get("total", stat.get("last"))
    return facts


@pytest.mark.parametrize("face", FACES)
def test_a_damaged_commit_is_taken_whole_or_not_at_all(server: Server, keys: Keys, face: str) -> None:
    @sending
    @given(damaged_commits(), st.sampled_from(["", "gzip"]))
    def check(raw: bytes, encoding: str) -> None:
        before = counts(processes(server, keys))
        sent = gzip.compress(raw) if encoding else raw
        reply = server.request("PUT", f"{face}?auth={keys.key}", sent, Content_Encoding=encoding)
        assert reply.status in (200, 400), reply
        assert reply.json["ok"] is (reply.status == 200)
        if reply.status == 400:
            assert counts(processes(server, keys)) == before
            assert reply.json["error"]

    check()
    assert_only_own_files(server)


@pytest.mark.parametrize("face", FACES)
def test_any_bytes_are_answered(server: Server, keys: Keys, face: str) -> None:
    @sending
    @given(
        st.binary(max_size=300),
        st.sampled_from(["", "gzip", "br", "identity", "\x7f"]),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    )
    def check(raw: bytes, encoding: str, query: str) -> None:
        reply = server.request("POST", f"{face}?auth={keys.key}", raw, Content_Encoding=encoding)
        assert reply.status in (200, 400, 413)
        safe = query.replace("#", "")
        assert server.request("PUT", f"{face}?{safe}", raw).status in (400, 401, 403)

    check()


lines = st.builds(
    lambda *parts: ":".join(parts),
    st.sampled_from(["KEY", "1_" + "0" * 40, "", "KEY "]),
    st.sampled_from(["p", "..", "a/b", "", "x" * 129, "p\x00"]) | st.text(max_size=10),
    st.sampled_from(["x", "x:y", "..", "../x", ""]) | st.text(max_size=10),
    st.sampled_from(["1c", "1.5ms!", "-3g", "12msXYZ", "+5g", "1e3c", "NaNg", "1" * 400 + "c"]) | st.text(max_size=8),
)


def test_any_datagram_leaves_the_server_well(server: Server, keys: Keys) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:

        @sending
        @given(
            st.lists(lines, max_size=5).map("\n".join) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1"))
        )
        def check(text: str) -> None:
            raw = text.replace("KEY", keys.key).encode("utf-8", "surrogatepass")
            udp.sendto(raw, ("127.0.0.1", server.udp_port))

        check()
        udp.sendto(f"{keys.key}:p:well:1c".encode(), ("127.0.0.1", server.udp_port))
    wait_for(lambda: ("p", "c", "well") in counts(processes(server, keys)), 15, "the last datagram")
    assert all(re.fullmatch(r"[A-Za-z0-9_.:!-]{1,128}", state["nam"]) for state in processes(server, keys))
    assert_only_own_files(server)


def assert_only_own_files(server: Server) -> None:
    """All that the server writes lies where CONTRACT 5 says, below the folders of accounts."""
    known = {
        "stats",
        "journal",
        "secret_key",
        "system_key",
        "dattss.sqlite3",
        "dattss.sqlite3-wal",
        "dattss.sqlite3-shm",
        "outbox",
        "alerting",
    }
    assert {entry.name for entry in server.data.iterdir()} <= known
    for entry in (server.data / "stats").glob("*"):
        assert entry.name.isdigit()
    assert not [path for path in Path(server.data.parent).iterdir() if path.name not in ("data", "data.log")]
