"""What a minute becomes that its file has already."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stats.storage.lines import of_rows
from stats.storage.prt_writer import Writer
from tests.stats.prt_rows import FILE, add, row


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


def test_a_repeated_minute_is_merged_after_what_is_there(writer: Writer, tmp_path: Path) -> None:
    add(writer, [row(5, 3), row(7, 1)])
    report = add(writer, [row(5, 10)])
    assert (report.written, report.late) == (1, 1)
    lines = (tmp_path / FILE).read_text().splitlines()
    assert [line[:5] for line in lines] == ["00:05", "00:07"]
    total, number, highest, lowest, _, _, first, last = lines[0].split(",")[1:]
    assert (total, number, highest, lowest, first, last) == ("13", "2", "10", "3", "3", "10")


def test_a_process_that_cannot_open_another_file_merges_later(tmp_path: Path) -> None:
    known, new = Writer(tmp_path), Writer(tmp_path)
    add(known, [row(5, 3)])
    for writer in (known, new):
        for spare in (0, 1):  # the folder cannot be opened, or nothing in it
            with most_open_files(spare), pytest.raises(OSError, match="Too many open files"):
                writer.merged(of_rows([row(5, 10)]))
    add(new, [row(5, 10)])
    assert (tmp_path / FILE).read_text().startswith("00:05,13,2,")
