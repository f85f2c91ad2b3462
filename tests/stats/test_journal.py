"""The journal: what was appended is read again, and what a crash has torn is cut off."""

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.storage.journal import Journal, Record
from tests.server import ROOT

records = st.lists(
    st.builds(Record, st.integers(0, 2**40), st.floats(0, 2e9), st.binary(max_size=300)), min_size=1, max_size=12
)


def written(folder: Path, content: list[Record]) -> Journal:
    journal = Journal(folder)
    journal.open_segment(7)
    for record in content:
        journal.append(record)
    journal.close()
    return journal


@given(records)
def test_records_come_back_in_their_order(tmp_path_factory: pytest.TempPathFactory, content: list[Record]) -> None:
    journal = written(tmp_path_factory.mktemp("journal"), content)
    assert journal.segments() == [7]
    assert list(journal.read(7)) == content


@given(records, st.data())
def test_a_segment_that_is_cut_anywhere_keeps_all_whole_records(
    tmp_path_factory: pytest.TempPathFactory, content: list[Record], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = written(folder, content)
    path = folder / "7.log"
    size = path.stat().st_size
    kept = data.draw(st.integers(0, size))
    os.truncate(path, kept)
    ends = [0]
    for record in content:
        ends.append(ends[-1] + 8 + 16 + len(record.body))
    whole = sum(end <= kept for end in ends) - 1
    assert list(journal.read(7)) == content[:whole]
    assert path.stat().st_size == ends[whole]
    # What is appended afterwards is found again.
    journal.open_segment(7)
    journal.append(content[0])
    journal.close()
    assert list(journal.read(7)) == [*content[:whole], content[0]]


@given(records, st.data())
def test_a_damaged_byte_ends_the_segment_and_invents_nothing(
    tmp_path_factory: pytest.TempPathFactory, content: list[Record], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = written(folder, content)
    raw = bytearray((folder / "7.log").read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    (folder / "7.log").write_bytes(raw)
    found = list(journal.read(7))
    assert found == content[: len(found)]
    assert len(found) < len(content)


def test_the_torn_tail_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = written(tmp_path, [Record(1, 5.0, b"{}")])
    with (tmp_path / "7.log").open("ab") as file:
        file.write(b"torn")
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        assert len(list(journal.read(7))) == 1
    assert "cut 4 bytes of a torn record" in caplog.text


LIMITED = """
import resource, signal, sys
from pathlib import Path
from stats.storage.failures import StorageError
from stats.storage.journal import Journal, Record

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
journal = Journal(Path(sys.argv[1]))
journal.open_segment(1)
journal.append(Record(1, 1.0, b"a" * 40))
try:
    journal.append(Record(1, 2.0, b"b" * 60))
except StorageError as error:
    print(error.errno)
journal.append(Record(1, 3.0, b"c" * 10))
journal.close()
"""


def test_a_record_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    """In a process of its own: the limit on the size of files would hold for the output of the tests as well."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (run.stdout.strip(), run.stderr) == (str(errno.EFBIG), "")
    assert [record.body for record in Journal(tmp_path).read(1)] == [b"a" * 40, b"c" * 10]
