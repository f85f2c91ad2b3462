"""Minutes into files: each in its own, none outside of them, and nothing twice when the disk was full."""

import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.partial import MinuteRow
from stats.storage.day_table import parse_day
from stats.storage.lines import of_rows
from stats.storage.prt import parse_line
from stats.storage.prt_outcome import FlushError
from stats.storage.prt_writer import Writer
from tests.stats.prt_rows import FILE, MIDNIGHT, add, count, minutes_in, row


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
    from stats.storage.prt_outcome import FlushError
    from stats.storage.prt_writer import Writer

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
