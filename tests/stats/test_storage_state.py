"""`.cur`, `errors` and `warnings`: replaced whole, read with patience."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.storage import cur, eventlog
from stats.storage.failures import StorageError
from stats.storage.paths import BadNameError
from stats.storage.replace import replace

STATE = {
    "nam": "api",
    "upt": 12.5,
    "mem": None,
    "cpu": None,
    "err": 2,
    "wrn": 0,
    "seen": 1763899999.8,
    "stats": {"c": {"new": {"total": 3.0}}, "g": {}, "ms": {"query": {"avg": 98.5}}},
}

WRONG_TYPE = json.dumps({**STATE, "seen": "yesterday"})
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_a_state_reads_back_as_it_was(tmp_path: Path) -> None:
    cur.write(tmp_path, 1, "api", cur.encode(STATE))
    cur.write(tmp_path, 1, "api", cur.encode({**STATE, "err": 3}), durable=True)
    assert cur.read(tmp_path, 1, "api") == {**STATE, "err": 3}
    assert [path.name for path in (tmp_path / "1/current").iterdir()] == ["api.cur"]


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_any_state_reads_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, object]) -> None:
    root = tmp_path_factory.mktemp("root")
    state = {**fields, **STATE}
    cur.write(root, 0, "a:b!", cur.encode(state))
    assert cur.read(root, 0, "a:b!") == state


def test_no_state_is_none_and_no_account_is_empty(tmp_path: Path) -> None:
    assert cur.read(tmp_path, 1, "api") is None
    assert cur.read_all(tmp_path, 1) == {}


@pytest.mark.parametrize(
    "content", ["", '{"nam": "api", "sta', "[]", "{}", '{"stats": []}', '{"nam": "x", "stats": {}}', "\0\0", WRONG_TYPE]
)
def test_a_damaged_state_is_reported_and_takes_no_other_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    cur.write(tmp_path, 1, "api", cur.encode(STATE))
    (tmp_path / "1/current/broken.cur").write_text(content)
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        assert cur.read_all(tmp_path, 1) == {"api": STATE}
    assert "broken.cur" in caplog.text


def test_what_a_crash_left_unfinished_is_no_state(tmp_path: Path) -> None:
    cur.write(tmp_path, 1, "api", cur.encode(STATE))
    (tmp_path / "1/current/~api.cur").write_text("half")
    (tmp_path / "1/current/~web.cur").write_text("half")
    assert list(cur.read_all(tmp_path, 1)) == ["api"]
    cur.write(tmp_path, 1, "api", cur.encode(STATE))
    assert not (tmp_path / "1/current/~api.cur").exists()


def test_a_state_that_was_removed_is_gone(tmp_path: Path) -> None:
    cur.write(tmp_path, 1, "api", cur.encode(STATE))
    cur.remove(tmp_path, 1, "api")
    cur.remove(tmp_path, 1, "api")
    assert cur.read_all(tmp_path, 1) == {}


@pytest.mark.parametrize("process", ["..", "a/b", "", "a\n"])
def test_a_process_that_is_no_name_has_no_state(tmp_path: Path, process: str) -> None:
    with pytest.raises(BadNameError):
        cur.write(tmp_path / "root", 1, process, cur.encode(STATE))
    with pytest.raises(BadNameError):
        cur.read(tmp_path / "root", 1, process)
    assert list(tmp_path.rglob("*")) == []


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    replace(path, b"old")
    (tmp_path / "folder/~file").mkdir()
    with pytest.raises(StorageError) as caught:
        replace(path, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"


def test_the_last_hundred_events_are_kept_newest_last(tmp_path: Path) -> None:
    events = [{"at": float(number), "nam": "api", "lvl": "error", "msg": f"line\n{number}"} for number in range(120)]
    eventlog.write(tmp_path, 1, "error", events)
    assert eventlog.read(tmp_path, 1, "error") == events[20:]
    assert (tmp_path / "1/errors").read_bytes().count(b"\n") == 100
    assert eventlog.read(tmp_path, 1, "warning") == []


def test_damaged_events_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    eventlog.write(tmp_path, 1, "warning", [{"msg": "a"}, {"msg": "b"}])
    path = tmp_path / "1/warnings"
    path.write_bytes(b"\0\0\n" + path.read_bytes() + b'{"msg": "c"')
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        assert eventlog.read(tmp_path, 1, "warning") == [{"msg": "a"}, {"msg": "b"}]
    assert "2 damaged lines" in caplog.text


def test_no_events_make_an_empty_file(tmp_path: Path) -> None:
    eventlog.write(tmp_path, 1, "error", [{"msg": "a"}])
    eventlog.write(tmp_path, 1, "error", [])
    assert eventlog.read(tmp_path, 1, "error") == []
    assert (tmp_path / "1/errors").read_bytes() == b""
