"""Texts that want to do harm, from the wire to the file and the API."""

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.commit import InvalidCommit, decode
from tests.server import Keys, Server
from tests.stats.commits import body

HOSTILE = (
    "\x1b[31mred\x1b[0m \x00 \x9b1m\x7f \u202eevil\u202c \u200f\u2066\ufeff <script>alert(1)</script>\r\n\u2028 end"
)


def text_of(msg: str) -> str:
    return decode(json.dumps(body("web", evt=[{"lvl": "error", "msg": msg}])).encode()).evt[0].msg


@given(st.text(st.characters(codec=None) | st.sampled_from('\ud800\udfff\\"u\x00')))
def test_any_text_of_json_is_taken(text: str) -> None:
    """Halves of surrogate pairs become the escapes that they were written as; all else stays as it is."""
    # Halves that happen to stand beside each other are one character to JSON.
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    expected = "".join(f"\\u{ord(one):04x}" if "\ud800" <= one <= "\udfff" else one for one in joined)
    assert text_of(text) == expected


@pytest.mark.parametrize("text", ['{"nam": "a\\ud800', '{"nam": "\\ud800", "prt": {}', "\\ud800", '{"nam": "\\u12"}'])
def test_what_is_no_json_stays_refused(text: str) -> None:
    with pytest.raises(InvalidCommit):
        decode(text.encode())


def test_a_name_is_still_a_name() -> None:
    assert decode(b'{"nam": "\\ud83d\\ude00\\ud800\\\\ud800", "prt": {}}').nam == "\U0001f600\\ud800\\ud800"


def test_hostile_text_in_the_file_and_over_the_api(server: Server, keys: Keys) -> None:
    event = {"lvl": "error", "typ": "E\ud800", "msg": HOSTILE + "\udfff", "trc": "T" * 500_000}
    assert server.commit(keys.key, body("web", evt=[event])).status == 200
    reply = server.request("GET", "/api/v1/errors/", Authorization=f"Bearer {keys.read_key}")
    (told,) = reply.json["events"]
    assert (told["msg"], told["typ"]) == (HOSTILE + "\\udfff", "E\\ud800")
    assert told["trc"].endswith("[cut: 483,616 more characters]")
    assert reply.headers["Content-Type"].startswith("application/json")


def test_the_files_hold_it_whole_and_nothing_that_a_terminal_obeys(new_server: Callable[..., Server]) -> None:
    server = new_server()
    keys = server.new_account("alice@example.org")
    event = {"lvl": "error", "typ": "E\ud800", "msg": f"{HOSTILE} ünï 家 مرحبا", "trc": HOSTILE + "T" * 500_000}
    assert server.commit(keys.key, body("web", evt=[event, event | {"lvl": "warning"}])).status == 200
    server.stop()
    for name in ("errors", "warnings", "groups"):
        text = (server.data / "stats" / str(keys.account) / name).read_text()
        told = [json.loads(line) for line in text.splitlines()]
        assert [one["msg"] for one in told] == [event["msg"]] * (2 if name == "groups" else 1)
        assert {one["typ"] for one in told} == {"E\\ud800"}
        notice = "[cut: the event itself has more]" if name == "groups" else "[cut: 483,"
        assert all(notice in one["trc"][-40:] for one in told)
        assert {unicodedata.category(one) for one in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == {"Cc"}  # ends of lines
        assert "家 مرحبا" in text
    server.start()
    reply = server.request("GET", "/api/v1/errors/", Authorization=f"Bearer {keys.read_key}")
    assert [one["msg"] for one in reply.json["events"]] == [event["msg"]]
