"""What is looked at before the first line is added to a file, and what stays open."""

import logging
import os
from pathlib import Path

import pytest

from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.prt import format_line
from stats.storage.prt_writer import Writer
from tests.stats.prt_rows import FILE, MIDNIGHT, add, count, minutes_in, row


@pytest.mark.parametrize("again", [True, False])
def test_a_writer_that_knows_nothing_looks_at_the_file_first(tmp_path: Path, again: bool) -> None:
    writer = Writer(tmp_path)
    add(writer, [row(10)])
    if again:
        writer = Writer(tmp_path)
    add(writer, [row(4), row(10), row(11)])
    assert minutes_in(tmp_path / FILE) == ["00:04", "00:10", "00:11"]


def test_what_another_has_written_meanwhile_is_seen_once_the_account_is_forgotten(tmp_path: Path) -> None:
    here, there = Writer(tmp_path), Writer(tmp_path)
    add(here, [row(1), row(1, account=2)])
    add(there, [row(2), row(4)])
    here.forget(1)
    add(here, [row(3), row(4), row(2, account=2)])
    assert minutes_in(tmp_path / FILE) == ["00:01", "00:02", "00:03", "00:04"]
    assert minutes_in(tmp_path / FILE.replace("1/", "2/", 1)) == ["00:01", "00:02"]


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


def test_lines_longer_than_the_tail_that_is_looked_at_are_no_trouble(tmp_path: Path) -> None:
    long = Aggregate(3, 1, 3, 3, 3, 3, 3, 3, skt="x" * 10_000)
    writer = Writer(tmp_path)
    add(writer, [MinuteRow(1, "api", "ms", "query", MIDNIGHT + minute, long) for minute in range(3)])
    add(Writer(tmp_path), [MinuteRow(1, "api", "ms", "query", MIDNIGHT + 3, long)])
    content = (tmp_path / "1/2026-W47_1/api/ms_query.prt").read_bytes()
    assert content == b"".join(format_line(minute, long) for minute in range(4))


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
