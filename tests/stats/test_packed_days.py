"""Past days in one file each: small, read as before, given back bit for bit, and whole after any crash."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stats import demo, history
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage import packed_file, paths
from stats.storage.day_table import parse_day
from stats.storage.lines import of_rows
from stats.storage.packed import pack_day, read_stat, remove_day, stored_stats, unpack_day
from stats.storage.packed_file import DamagedPackError
from stats.storage.paths import Stat
from stats.storage.prt import format_line
from stats.storage.prt_writer import Writer

DAY = date(2026, 9, 7)
NUMBER = DAY.toordinal() - date(1970, 1, 1).toordinal()
QUERY = Stat(1, "api", "ms", "query")

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(lambda n: n / 100)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    lines = []
    for minute in sorted(draw(st.sets(st.integers(0, 1439), max_size=20))):
        low, high = sorted((draw(numbers), draw(numbers)))
        bot, top, first, last = (draw(numbers) for _ in range(4))
        count, sketch = draw(st.integers(1, 10**17)), draw(st.sampled_from(["", "1abc"]))
        row = Aggregate(draw(numbers), count, high, low, bot, top, first, last, sketch)
        lines.append(format_line(minute, row))
    return b"".join(lines)


@settings(deadline=None)
@given(contents() | st.binary(max_size=300) | st.tuples(contents(), st.binary(max_size=40)).map(b"".join))
@example(b"14:07,3.0,1,3,3,3,3,3,3\n")
@example(b"14:07,-0,1,0,0,0,0,0,0\n")
@example(b"14:07,1,1,1,1,1,1,1,1")
def test_any_content_comes_back_bit_for_bit(content: bytes) -> None:
    packed = packed_file.pack(content)
    assert packed_file.unpack(packed) == content
    table, plain = packed_file.table(packed), parse_day(content)
    assert table.minutes.tolist() == plain.minutes.tolist()
    assert table.columns.tolist() == plain.columns.tolist()
    assert (table.sketches, table.damaged) == (plain.sketches, plain.damaged)


def write_day(root: Path, days: int = 1) -> dict[str, bytes]:
    Writer(root).write(of_rows(demo.minutes(1, NUMBER * 1440, (NUMBER + days) * 1440, 1)))
    return plain_files(root)


def plain_files(root: Path) -> dict[str, bytes]:
    folder = paths.day_dir(root, 1, DAY)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.prt")}


def add(root: Path, minute: int, number: float) -> None:
    row = Aggregate(number, 1, number, number, number, number, number, number)
    Writer(root).write(of_rows([MinuteRow(*QUERY, NUMBER * 1440 + minute, row)]))


def total(root: Path) -> float:
    return float(read_stat(root, QUERY, DAY).columns[0].sum())


def test_a_packed_day_takes_under_12_bytes_a_minute_and_comes_back_whole(tmp_path: Path) -> None:
    before = write_day(tmp_path)
    report = pack_day(tmp_path, 1, DAY)
    assert report is not None
    assert report.files == len(before)
    assert not paths.day_dir(tmp_path, 1, DAY).exists()
    assert report.packed_bytes <= 12 * sum(content.count(b"\n") for content in before.values())
    assert unpack_day(tmp_path, 1, DAY) == len(before)
    assert plain_files(tmp_path) == before
    assert not paths.pack_path(tmp_path, 1, DAY).exists()


def test_history_of_a_packed_day_is_that_of_the_plain_one(tmp_path: Path) -> None:
    write_day(tmp_path, days=2)
    now = datetime(2026, 9, 8, 12, tzinfo=UTC).timestamp()
    view = history.view(step=1, tz="Europe/Berlin", now=now)
    plain = history.day(tmp_path, QUERY, view)
    assert any(plain.today)
    pack_day(tmp_path, 1, DAY)
    assert history.day(tmp_path, QUERY, view) == plain


def test_late_data_is_read_with_the_packed_day_and_goes_in_with_the_next_packing(tmp_path: Path) -> None:
    write_day(tmp_path)
    expected = total(tmp_path) + 7
    pack_day(tmp_path, 1, DAY)
    add(tmp_path, 600, 7)
    assert total(tmp_path) == expected
    pack_day(tmp_path, 1, DAY)
    assert not plain_files(tmp_path)
    assert total(tmp_path) == expected


def test_plain_files_that_a_crash_left_beside_the_packed_day_count_once(tmp_path: Path) -> None:
    before = write_day(tmp_path)
    expected = total(tmp_path)
    pack_day(tmp_path, 1, DAY)
    restore(tmp_path, before)
    assert total(tmp_path) == expected
    pack_day(tmp_path, 1, DAY)
    assert total(tmp_path) == expected
    unpack_day(tmp_path, 1, DAY)
    assert plain_files(tmp_path) == before


def test_late_files_that_a_crash_left_after_they_went_in_count_once(tmp_path: Path) -> None:
    write_day(tmp_path)
    pack_day(tmp_path, 1, DAY)
    add(tmp_path, 600, 7)
    late, expected = plain_files(tmp_path), total(tmp_path)
    pack_day(tmp_path, 1, DAY)
    restore(tmp_path, late)
    assert total(tmp_path) == expected
    add(tmp_path, 601, 5)
    pack_day(tmp_path, 1, DAY)
    assert total(tmp_path) == expected + 5


def restore(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = paths.day_dir(root, 1, DAY) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_what_is_half_written_is_passed_over_and_removed(tmp_path: Path) -> None:
    before = write_day(tmp_path)
    drafts = [tmp_path / "1" / f"~{paths.day_name(DAY)}.pack", tmp_path / "1" / f"~{paths.day_name(DAY)}"]
    drafts[0].write_bytes(b"half")
    (drafts[1] / "api").mkdir(parents=True)
    pack_day(tmp_path, 1, DAY)
    assert not any(draft.exists() for draft in drafts)
    unpack_day(tmp_path, 1, DAY)
    assert plain_files(tmp_path) == before


def test_a_damaged_packed_day_is_told_and_nothing_is_removed(tmp_path: Path) -> None:
    write_day(tmp_path)
    pack_day(tmp_path, 1, DAY)
    pack = paths.pack_path(tmp_path, 1, DAY)
    pack.write_bytes(pack.read_bytes()[:-30])
    add(tmp_path, 600, 7)
    with pytest.raises(DamagedPackError):
        pack_day(tmp_path, 1, DAY)
    assert len(plain_files(tmp_path)) == 1


def test_a_removed_day_leaves_nothing(tmp_path: Path) -> None:
    write_day(tmp_path)
    pack_day(tmp_path, 1, DAY)
    add(tmp_path, 600, 7)
    remove_day(tmp_path, 1, DAY)
    assert list((tmp_path / "1").iterdir()) == []


def test_the_stats_of_a_day_are_known_wherever_it_is(tmp_path: Path) -> None:
    write_day(tmp_path)
    plain = stored_stats(tmp_path, 1, DAY)
    assert QUERY in plain
    pack_day(tmp_path, 1, DAY)
    assert stored_stats(tmp_path, 1, DAY) == plain
    late = paths.prt_path(tmp_path, Stat(1, "late", "c", "x"), DAY)
    late.parent.mkdir(parents=True)
    late.write_bytes(b"14:07,1,1,1,1,1,1,1,1\n")
    assert stored_stats(tmp_path, 1, DAY) == {*plain, Stat(1, "late", "c", "x")}
    assert stored_stats(tmp_path, 2, DAY) == set()
