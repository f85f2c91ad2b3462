"""Minutes into files: appended, merged when late, whole after a crash, and nothing twice when the disk was full."""

import logging
import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.day_table import parse_day
from stats.storage.lines import of_rows
from stats.storage.prt import format_line, parse_line
from stats.storage.prt_writer import FlushError, Writer, WriteReport

MIDNIGHT = 20773 * 1440  # the first minute of Monday, 16 November 2026, UTC
FILE = "1/2026-W47_1/api/c_new.prt"


def count(value: float = 3.0, times: int = 1) -> Aggregate:
    return Aggregate(value * times, times, value, value, value, value, value, value)


def row(minute: int, value: float = 3.0, *, name: str = "new", process: str = "api", account: int = 1) -> MinuteRow:
    return MinuteRow(account, process, "c", name, MIDNIGHT + minute, count(value))


def minutes_in(path: Path) -> list[str]:
    return [line[:5] for line in path.read_text().splitlines()]


def add(writer: Writer, rows: Iterable[MinuteRow]) -> WriteReport:
    """What a flush does: merge with what is there, then write."""
    merged = writer.merged(of_rows(rows))
    report = writer.write(merged.lines)
    report.cut += merged.cut
    report.refused += merged.refused
    return report


@contextmanager
def most_open_files(spare: int) -> Iterator[None]:
    """Meanwhile the process can open so many more files."""
    probe = os.open(os.devnull, os.O_RDONLY)
    os.close(probe)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (probe + spare, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


def test_a_minute_is_a_line_in_the_file_of_its_stat_and_day(writer: Writer, tmp_path: Path) -> None:
    rows = [row(5), row(6), MinuteRow(1, "api", "ms", "query", MIDNIGHT + 5, count()), row(1440), row(5, account=2)]
    assert add(writer, rows).written == 5
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert files == [
        "1/2026-W47_1/api/c_new.prt",
        "1/2026-W47_1/api/ms_query.prt",
        "1/2026-W47_2/api/c_new.prt",
        "2/2026-W47_1/api/c_new.prt",
    ]
    assert (tmp_path / FILE).read_bytes() == b"00:05,3,1,3,3,3,3,3,3\n00:06,3,1,3,3,3,3,3,3\n"


def test_a_repeated_minute_is_merged_after_what_is_there(writer: Writer, tmp_path: Path) -> None:
    add(writer, [row(5, 3), row(7, 1)])
    report = add(writer, [row(5, 10)])
    assert (report.written, report.late) == (1, 1)
    lines = (tmp_path / FILE).read_text().splitlines()
    assert [line[:5] for line in lines] == ["00:05", "00:07"]
    total, number, highest, lowest, _, _, first, last = lines[0].split(",")[1:]
    assert (total, number, highest, lowest, first, last) == ("13", "2", "10", "3", "3", "10")


def test_a_late_minute_goes_to_its_place_and_what_follows_is_appended(writer: Writer, tmp_path: Path) -> None:
    add(writer, [row(10), row(30)])
    add(writer, [row(20), row(15), row(40)])
    assert minutes_in(tmp_path / FILE) == ["00:10", "00:15", "00:20", "00:30", "00:40"]


def test_a_process_that_cannot_open_another_file_merges_later(tmp_path: Path) -> None:
    known, new = Writer(tmp_path), Writer(tmp_path)
    add(known, [row(5, 3)])
    for writer in (known, new):
        for spare in (0, 1):  # the folder cannot be opened, or nothing in it
            with most_open_files(spare), pytest.raises(OSError, match="Too many open files"):
                writer.merged(of_rows([row(5, 10)]))
    add(new, [row(5, 10)])
    assert (tmp_path / FILE).read_text().startswith("00:05,13,2,")


def test_what_another_has_written_meanwhile_is_seen_once_the_account_is_forgotten(tmp_path: Path) -> None:
    here, there = Writer(tmp_path), Writer(tmp_path)
    add(here, [row(1), row(1, account=2)])
    add(there, [row(2), row(4)])
    here.forget(1)
    add(here, [row(3), row(4), row(2, account=2)])
    assert minutes_in(tmp_path / FILE) == ["00:01", "00:02", "00:03", "00:04"]
    assert minutes_in(tmp_path / FILE.replace("1/", "2/", 1)) == ["00:01", "00:02"]


def test_lines_that_a_late_minute_does_not_touch_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text("00:01,1,1,1,1,1,1,1,1,abc=\n00:02,5,1,5,5,5,5,5,5\n00:09,1.0,1,1,1,1,1,1,1\n")
    add(Writer(tmp_path), [row(2)])
    lines = path.read_text().splitlines()
    assert lines[0] == "00:01,1,1,1,1,1,1,1,1,abc="
    assert lines[1].startswith("00:02,8,2,5,3,")
    assert len(lines) == 3


@pytest.mark.parametrize("again", [True, False])
def test_a_writer_that_knows_nothing_looks_at_the_file_first(tmp_path: Path, again: bool) -> None:
    writer = Writer(tmp_path)
    add(writer, [row(10)])
    if again:
        writer = Writer(tmp_path)
    add(writer, [row(4), row(10), row(11)])
    assert minutes_in(tmp_path / FILE) == ["00:04", "00:10", "00:11"]


days_and_minutes = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.sampled_from("ab"), st.integers(1, 9)), max_size=8),
    max_size=6,
)


@given(days_and_minutes, st.data())
def test_any_sequence_of_minutes_adds_up(
    tmp_path_factory: pytest.TempPathFactory, flushes: list[list[tuple[int, int, str, int]]], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("root")
    writer = Writer(root)
    model: dict[tuple[int, str], dict[int, list[int]]] = {}
    for flush in flushes:
        if data.draw(st.booleans(), label="new writer"):
            writer = Writer(root)
        add(writer, [row(day * 1440 + minute, value, name=name) for day, minute, name, value in flush])
        for day, minute, name, value in flush:
            model.setdefault((day, name), {}).setdefault(minute, []).append(value)
    for (day, name), expected in model.items():
        content = (root / f"1/2026-W47_{day + 1}/api/c_{name}.prt").read_bytes()
        lines = [parse_line(line) for line in content.splitlines()]
        read = [(line[0], line[1].sum, line[1].cnt, line[1].fst, line[1].lst) for line in lines if line is not None]
        assert read == [
            (minute, sum(values), len(values), values[0], values[-1]) for minute, values in sorted(expected.items())
        ]
        assert len(lines) == len(expected)
    assert len(list(root.rglob("*.prt"))) == len(model)


@given(process=st.text(max_size=6), name=st.text(max_size=6))
def test_no_name_makes_a_file_outside_the_accounts_folder(
    tmp_path_factory: pytest.TempPathFactory, process: str, name: str
) -> None:
    base = tmp_path_factory.mktemp("base")
    report = add(Writer(base / "root"), [MinuteRow(1, process, "c", name, MIDNIGHT, count())])
    files = [path for path in base.rglob("*") if path.is_file()]
    assert report.written + report.refused == 1
    assert len(files) == report.written
    assert all(path.parent == base / "root/1/2026-W47_1" / process for path in files)


def test_what_cannot_be_a_line_is_refused_and_keeps_nothing_else_back(
    writer: Writer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[MinuteRow] = [
        row(5, process=".."),
        row(5, name="a/b"),
        MinuteRow(1, "api", "c", "nan", MIDNIGHT, count(float("nan"))),
        MinuteRow(1, "api", "c", "late", -(10**12), count()),
    ]
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        report = add(writer, [broken[0], row(5), *broken[1:], row(6)])
    assert (report.written, report.refused) == (2, 3)  # what is no number never gets to the writer
    assert minutes_in(tmp_path / FILE) == ["00:05", "00:06"]
    assert len(caplog.records) == 4


@pytest.mark.parametrize(
    ("tail", "cut"),
    [(b"00:07,3,1,3,3,3", 1), (b"\0" * 5000, 1), (b"00:07,3,1,3,3,3,3,3,3", 1), (b"", 0)],
)
def test_a_torn_line_is_cut_off_and_reported_before_anything_is_added(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, tail: bytes, cut: int
) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    whole = b"".join(format_line(minute, count()) for minute in range(5))
    path.write_bytes(whole + tail)
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        report = add(Writer(tmp_path), [row(7)])
    assert path.read_bytes() == whole + format_line(7, count())
    assert report.cut == cut
    assert len(caplog.records) == cut


def test_a_file_that_is_nothing_but_a_torn_line_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"00:03,3,1")
    assert add(Writer(tmp_path), [row(3)]).cut == 1
    assert path.read_bytes() == format_line(3, count())


def test_a_damaged_last_line_is_removed_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(format_line(1, count()) + format_line(2, count(7)) + b"00:03,garbage\n")
    assert add(Writer(tmp_path), [row(4)]).cut == 1
    assert path.read_bytes() == format_line(1, count()) + format_line(2, count(7)) + format_line(4, count())


def test_lines_longer_than_the_tail_that_is_looked_at_are_no_trouble(tmp_path: Path) -> None:
    long = Aggregate(3, 1, 3, 3, 3, 3, 3, 3, skt="x" * 10_000)
    writer = Writer(tmp_path)
    add(writer, [MinuteRow(1, "api", "ms", "query", MIDNIGHT + minute, long) for minute in range(3)])
    add(Writer(tmp_path), [MinuteRow(1, "api", "ms", "query", MIDNIGHT + 3, long)])
    content = (tmp_path / "1/2026-W47_1/api/ms_query.prt").read_bytes()
    assert content == b"".join(format_line(minute, long) for minute in range(4))


def test_a_line_that_is_there_twice_becomes_one_when_the_file_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(format_line(minute, count()) for minute in (1, 2, 2, 2, 3)))
    add(Writer(tmp_path), [row(0)])
    table = parse_day(path.read_bytes())
    assert table.minutes.tolist() == [0, 1, 2, 3]
    assert table.columns[1].tolist() == [1, 1, 3, 1]


def test_a_folder_that_somebody_removed_is_made_again(writer: Writer, tmp_path: Path) -> None:
    add(writer, [row(10)])
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).parent.rmdir()
    add(writer, [row(9), row(10)])
    assert minutes_in(tmp_path / FILE) == ["00:09", "00:10"]


def test_no_descriptor_stays_open_however_many_folders_there_are(writer: Writer) -> None:
    before = len(os.listdir("/proc/self/fd"))
    rows = [row(minute, process=f"p{process}") for minute in (5, 6, 4) for process in range(200)]
    assert add(writer, rows).written == 600
    assert len(os.listdir("/proc/self/fd")) == before


def test_one_account_that_cannot_be_written_does_not_keep_others_back(writer: Writer, tmp_path: Path) -> None:
    (tmp_path / "1").write_text("a file where a folder should be")
    rows = [row(5), row(5, account=2), row(6), row(6, account=2)]
    assert writer.merged(of_rows(rows)).unread == list(of_rows([rows[0], rows[2]]))
    with pytest.raises(FlushError) as caught:
        writer.write(of_rows(rows))
    assert caught.value.unwritten == list(of_rows([rows[0], rows[2]]))
    assert caught.value.report.written == 2
    assert not caught.value.full
    (tmp_path / "1").unlink()
    writer.write(caught.value.unwritten)
    assert minutes_in(tmp_path / FILE) == ["00:05", "00:06"]
    assert minutes_in(tmp_path / "2/2026-W47_1/api/c_new.prt") == ["00:05", "00:06"]


# --- a full disk ------------------------------------------------------------------------------------------------------
def test_after_a_full_disk_the_same_flush_completes_with_nothing_twice(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 52_000)
    writer = Writer(small_disk)
    rows = [row(minute, name=f"s{stat}") for minute in range(150) for stat in range(4)]
    rows += [row(minute, name=f"s{stat}") for minute in range(0, 150, 7) for stat in range(4)]
    with pytest.raises(FlushError) as caught:
        add(writer, rows)
    assert caught.value.full
    left = sum(len(lines.files) for lines in caught.value.unwritten)
    assert 0 < left < len(rows)
    assert caught.value.report.written + left == 4 * 150
    for path in small_disk.rglob("*.prt"):
        assert parse_day(path.read_bytes()).damaged == 0
    assert not list(small_disk.rglob("~*"))

    ballast.unlink()
    assert writer.write(caught.value.unwritten).written == left
    for stat in range(4):
        table = parse_day((small_disk / f"1/2026-W47_1/api/c_s{stat}.prt").read_bytes())
        assert table.minutes.tolist() == list(range(150))
        assert table.columns[1].tolist() == [2 if minute % 7 == 0 else 1 for minute in range(150)]


LIMITED = """
    import resource, signal, sys
    from pathlib import Path
    from stats.aggregation.partial import Aggregate, MinuteRow
    from stats.storage.lines import of_rows
    from stats.storage.prt_writer import FlushError, Writer

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
    one = Aggregate(3, 1, 3, 3, 3, 3, 3, 3)
    rows = list(of_rows(MinuteRow(1, "api", "c", "new", {first} + minute, one) for minute in range(5)))
    writer = Writer(Path(sys.argv[1]))
    try:
        writer.write(rows)
    except FlushError as error:
        assert error.full, error
        assert error.unwritten == rows[2:], error.unwritten
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(Path(sys.argv[1], "{file}").read_text().count(":"), writer.write(error.unwritten).written)
"""


def test_a_line_that_did_not_fit_is_taken_back_whole(tmp_path: Path) -> None:
    script = textwrap.dedent(LIMITED).format(first=MIDNIGHT, file=FILE)
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.stdout.split(), run.stderr) == (["2", "3"], "")
    assert minutes_in(tmp_path / FILE) == ["00:00", "00:01", "00:02", "00:03", "00:04"]
