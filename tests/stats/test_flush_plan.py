"""A flush that is cut off at any step is completed by the next start, with nothing twice."""

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.aggregation.delivered import encoded
from stats.aggregation.engine import Engine
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.disk import Disk, Unit
from stats.storage import cur
from stats.storage import plan as plans
from stats.storage.failures import StorageError
from stats.storage.journal import Journal
from stats.storage.lines import Lines, of_rows
from stats.storage.plan import PLAN, Plan
from stats.storage.prt_writer import Writer
from stats.storage.segment import Record
from tests.stats.commits import commit, partial

MINUTE = 28_000_000
NOTHING = encoded([])  # is delivered yet
STATE = {"nam": "api", "seen": 1.0, "upt": None, "mem": None, "cpu": None, "err": 0, "wrn": 0, "stats": {}}
ONE = Aggregate(1, 1, 1, 1, 1, 1, 1, 1)


def lines(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in root.rglob("*.prt")}


def lines_of(values: list[int]) -> list[Lines]:
    return list(of_rows(MinuteRow(1, "api", "c", f"s{at}", MINUTE + value, ONE) for at, value in enumerate(values)))


def disk(base: Path) -> Disk:
    return Disk(base / "stats", base / "journal", Journal(base / "journal"))


@settings(deadline=None)  # a disk that syncs takes its time
@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.data())
def test_a_plan_that_was_half_carried_out_is_completed(
    tmp_path_factory: pytest.TempPathFactory, values: list[int], data: st.DataObject
) -> None:
    base = tmp_path_factory.mktemp("disk")
    before = Writer(base / "stats")
    before.write(lines_of([3] * len(values)))
    planned = Writer(base / "stats").merged(lines_of(values)).lines
    disk(base)
    plans.write(base / "journal", Plan(5, planned, [(1, "api", cur.encode(STATE))], [], NOTHING))
    single = [
        Lines(*one.where, [file], [text]) for one in planned for file, text in zip(one.files, one.texts, strict=True)
    ]
    Writer(base / "stats").write(single[: data.draw(st.integers(0, len(single)))])

    disk(base).complete()
    once = lines(base / "stats")
    counts = {name: sum(int(line.split(",")[2]) for line in text.splitlines()) for name, text in once.items()}
    assert counts == {f"c_s{at}.prt": 2 for at in range(len(values))}
    assert cur.read(base / "stats", 1, "api") is not None
    assert not (base / "journal" / PLAN).exists()
    disk(base).complete()
    assert lines(base / "stats") == once


def test_a_flush_drops_its_segments_and_no_later_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    for number in (3, 4, 5):
        journal.open_segment(number)
        journal.append(Record(1, 1.0, b"{}"))
        journal.close()
    engine = Engine(MINUTE * 60.0, 100)
    sent = commit("api", partial("x", [2, 3]))
    engine.apply(1, sent, MINUTE * 60.0, engine.check(1, sent))
    ended = engine.advance(MINUTE * 60.0 + 60)
    assert ended is not None
    list(ended.complete())
    made = Disk(tmp_path / "stats", tmp_path / "journal", journal)
    assert made.plan(Unit(4, [ended], [], [])).lines == 1
    assert journal.segments() == [3, 4, 5]
    made.complete()
    assert journal.segments() == [5]
    assert [text.split(",")[1] for text in lines(tmp_path / "stats").values()] == ["5"]


def test_a_plan_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.open_segment(1)
    (tmp_path / "journal" / f"~{PLAN}").mkdir()
    with pytest.raises(StorageError):
        Disk(tmp_path / "stats", tmp_path / "journal", journal).plan(Unit(1, [], [], []))
    assert journal.segments() == [1]
    journal.close()


def wrong_bit(plan: bytearray) -> bytearray:
    plan[10] ^= 1
    return plan


def of_another_version(_: bytearray) -> bytearray:
    payload = b"\x93\x05\x01\x02"
    return bytearray(zlib.crc32(payload).to_bytes(4, "little") + payload)


@pytest.mark.parametrize("spoil", [wrong_bit, of_another_version])
def test_a_plan_that_cannot_be_read_is_set_aside(tmp_path: Path, spoil: Callable[[bytearray], bytearray]) -> None:
    made = disk(tmp_path)
    file = tmp_path / "journal" / PLAN
    plans.write(tmp_path / "journal", Plan(5, lines_of([1]), [], [], NOTHING))
    spoiled = spoil(bytearray(file.read_bytes()))
    file.write_bytes(spoiled)
    made.complete()
    assert lines(tmp_path / "stats") == {}
    assert not file.exists()
    assert file.with_name(f"{PLAN}.damaged").read_bytes() == spoiled
