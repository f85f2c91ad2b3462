"""Which minutes values came late for: kept of the last flushes, no more than can be of use, the same if done twice."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.storage import late
from stats.storage.late import FLUSHES, LATE, Late, newest
from stats.storage.lines import Lines

MINUTE = 28_000_000


def found(minute: int, files: int = 1, account: int = 1) -> Lines:
    return Lines(account, "api", minute, [f"c_s{number}.prt" for number in range(files)], [b"00:00,1\n"] * files)


def test_the_newest_minutes_are_kept_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "MOST", 10)
    kept = newest(7, MINUTE, [found(MINUTE - back, 4) for back in (3, 1, 5, 2)])
    assert [one.minute for one in kept.lines] == [MINUTE - 1, MINUTE - 2]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=20))
def test_the_last_flushes_are_kept_each_once(
    tmp_path_factory: pytest.TempPathFactory, flushes: list[tuple[int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    expected: list[Late] = []
    for segment, (passed, twice) in enumerate(flushes):
        minute = (expected[-1].minute if expected else MINUTE) + passed
        one = newest(segment, minute, [found(minute - 1)])
        for _ in range(1 + twice):
            late.keep(folder, one)
        expected = [*expected, one][-FLUSHES:]
    assert late.read(folder) == expected


def test_what_a_clock_that_was_set_back_left_in_times_to_come_is_dropped(tmp_path: Path) -> None:
    for segment, minute in enumerate((MINUTE, MINUTE + 60, MINUTE + 1)):
        late.keep(tmp_path, newest(segment, minute, [found(minute - 1)]))
    assert [one.minute for one in late.read(tmp_path)] == [MINUTE, MINUTE + 1]


def test_nothing_is_kept_of_an_account_that_is_erased(tmp_path: Path) -> None:
    late.keep(tmp_path, newest(1, MINUTE, [found(MINUTE - 1, account=4), found(MINUTE - 2, account=5)]))
    late.forget(tmp_path, 4)
    assert [line.account for one in late.read(tmp_path) for line in one.lines] == [5]


def test_a_damaged_file_is_told_of_and_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / LATE).write_bytes(b"\xc1")
    assert late.read(tmp_path) == []
    assert "damaged" in caplog.text
    late.keep(tmp_path, newest(1, MINUTE, [found(MINUTE - 1)]))
    assert len(late.read(tmp_path)) == 1
