"""The journal: what was appended is read again, and what a crash has torn is cut off."""

import errno
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.storage.journal import Journal
from stats.storage.segment import Record, encode
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


def damaged(raw: bytes, data: st.DataObject) -> tuple[bytes, set[int]]:
    """The segment with some bytes changed and the end cut off, and the places that differ."""
    changed = bytearray(raw[: data.draw(st.integers(0, len(raw)))])
    for place in data.draw(st.lists(st.integers(0, max(len(changed) - 1, 0)), max_size=5)) if changed else ():
        changed[place] ^= data.draw(st.integers(1, 255))
    differing = {place for place, byte in enumerate(raw) if place >= len(changed) or changed[place] != byte}
    return bytes(changed), differing


@given(records, st.data())
def test_damage_anywhere_costs_only_the_records_it_is_in(
    tmp_path_factory: pytest.TempPathFactory, content: list[Record], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = written(folder, content)
    path = folder / "7.log"
    raw, differing = damaged(path.read_bytes(), data)
    path.write_bytes(raw)
    undamaged, begin = [], 0
    for record in content:
        end = begin + len(encode(record))
        if differing.isdisjoint(range(begin, end)):
            undamaged.append(record)
        begin = end
    assert list(journal.read(7)) == undamaged
    # All that was no record is beside it, and what is appended afterwards is found again.
    aside = sum(file.stat().st_size for file in folder.glob("7-*.damaged"))
    assert aside == len(raw) - sum(len(encode(record)) for record in undamaged)
    journal.open_segment(7)
    journal.append(content[0])
    journal.close()
    assert list(journal.read(7)) == [*undamaged, content[0]]


def test_records_longer_than_a_piece_and_a_long_row_of_zeros(tmp_path: Path) -> None:
    content = [Record(1, 1.0, b"a" * (3 << 20)), Record(2, 2.0, b"b" * (8 << 20)), Record(3, 3.0, b"{}")]
    journal = written(tmp_path, content[:2])
    with (tmp_path / "7.log").open("ab") as file:
        file.write(bytes(5 << 20) + encode(content[2]) + bytes(1 << 20))
    assert list(journal.read(7)) == content
    assert journal.faults == {"damaged": 2}
    assert list(journal.read(7)) == content  # the zeros at the end are cut off, those in the middle are not
    assert journal.faults == {"damaged": 3}


def test_the_torn_tail_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = written(tmp_path, [Record(1, 5.0, b"{}")])
    with (tmp_path / "7.log").open("ab") as file:
        file.write(encode(Record(1, 6.0, b"{}"))[:-1])
    with caplog.at_level(logging.WARNING, "dattss.storage"):
        assert len(list(journal.read(7))) == 1
    assert "set aside 25 bytes of a torn record" in caplog.text
    assert journal.faults == {"torn": 1}
    assert len(list(journal.read(7))) == 1
    assert journal.faults == {"torn": 1}


def test_a_segment_that_cannot_be_read_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "7.log").mkdir()  # a folder cannot be read as a file, by root either
    journal = Journal(tmp_path)
    with caplog.at_level(logging.ERROR, "dattss.storage"):
        assert list(journal.read(7)) == []
    assert "what it holds is missing" in caplog.text
    assert journal.faults == {"unreadable": 1}
    assert journal.segments() == []
    assert (tmp_path / "7.unreadable").exists()


LIMITED = """
import resource, signal, sys
from pathlib import Path
from stats.storage.failures import StorageError
from stats.storage.journal import Journal
from stats.storage.segment import Record

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
