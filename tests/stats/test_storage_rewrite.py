"""Files that are replaced: what is late gets its place, what is damaged goes, and the rest stays as it is."""

from pathlib import Path

from stats.storage.day_table import parse_day
from stats.storage.prt import format_line
from stats.storage.prt_writer import Writer
from tests.stats.prt_rows import FILE, add, count, minutes_in, row


def test_a_late_minute_goes_to_its_place_and_what_follows_is_appended(writer: Writer, tmp_path: Path) -> None:
    add(writer, [row(10), row(30)])
    add(writer, [row(20), row(15), row(40)])
    assert minutes_in(tmp_path / FILE) == ["00:10", "00:15", "00:20", "00:30", "00:40"]


def test_lines_that_a_late_minute_does_not_touch_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text("00:01,1,1,1,1,1,1,1,1,abc=\n00:02,5,1,5,5,5,5,5,5\n00:09,1.0,1,1,1,1,1,1,1\n")
    add(Writer(tmp_path), [row(2)])
    lines = path.read_text().splitlines()
    assert lines[0] == "00:01,1,1,1,1,1,1,1,1,abc="
    assert lines[1].startswith("00:02,8,2,5,3,")
    assert len(lines) == 3


def test_a_damaged_last_line_is_removed_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(format_line(1, count()) + format_line(2, count(7)) + b"00:03,garbage\n")
    assert add(Writer(tmp_path), [row(4)]).cut == 1
    assert path.read_bytes() == format_line(1, count()) + format_line(2, count(7)) + format_line(4, count())


def test_a_line_that_is_there_twice_becomes_one_when_the_file_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(format_line(minute, count()) for minute in (1, 2, 2, 2, 3)))
    add(Writer(tmp_path), [row(0)])
    table = parse_day(path.read_bytes())
    assert table.minutes.tolist() == [0, 1, 2, 3]
    assert table.columns[1].tolist() == [1, 1, 3, 1]
