"""A file that cannot be written stops no other: what is meant for it is kept, tried each minute, and told."""

import logging
from pathlib import Path

import pytest

from stats import disk as disks
from stats.aggregation.engine import Engine
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.disk import Disk, Unit
from stats.storage import cur, eventlog
from stats.storage import plan as plans
from stats.storage.failures import StorageError
from stats.storage.journal import Journal
from stats.storage.lines import of_rows
from stats.storage.plan import HELD, PLAN, Held, Plan
from stats.storage.prt_writer import Writer
from tests.reliability.scene import one_process
from tests.server import wait_for
from tests.stats.commits import body, commit, partial

MIDNIGHT = 20773 * 1440  # the first minute of Monday, 16 November 2026, UTC
DAY = "1/2026-W47_1"
EVENTS = [{"at": 1.0, "nam": "api", "lvl": "error", "msg": "boom"}]


class Shard:
    """An engine whose minutes go to files, as a shard does it."""

    def __init__(self, base: Path, minute: int = 0) -> None:
        self.root, self.folder = base / "stats", base / "journal"
        self.engine = Engine((MIDNIGHT + minute) * 60.0, 1000)
        self.disk = Disk(self.root, self.folder, Journal(self.folder))
        self.minute = minute

    def send(self, *stats: str, value: float = 1, process: str = "api", age: float = 0) -> None:
        sent = commit(process, *(partial(name, [value]) for name in stats), age=age)
        self.engine.apply(1, sent, (MIDNIGHT + self.minute) * 60.0 + 1, self.engine.check(1, sent))

    def ended(self) -> Unit:
        """The minute, when it has ended."""
        self.minute += 1
        ended = self.engine.advance((MIDNIGHT + self.minute) * 60.0 + 1)
        assert ended is not None
        list(ended.complete())
        return Unit(self.minute, [ended], [(1, "error", EVENTS)], [])

    def end_minute(self) -> None:
        """The first half of a flush."""
        self.disk.complete()
        self.disk.plan(self.ended())

    def flush(self) -> None:
        self.end_minute()
        self.disk.complete()

    def counts(self, name: str) -> dict[str, str]:
        """The clock and the sum of each line."""
        lines = (self.root / DAY / f"api/c_{name}.prt").read_text().splitlines()
        return {line.split(",")[0]: line.split(",")[1] for line in lines}


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    return Shard(tmp_path)


def test_all_other_files_are_written_and_the_bad_ones_lines_come_later(
    shard: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    bad = shard.root / DAY / "api/c_x.prt"
    bad.mkdir(parents=True)
    with caplog.at_level(logging.ERROR, "dattss.storage"):
        for _ in range(3):
            shard.send("x", "y")
            shard.flush()
    assert shard.counts("y") == {"00:00": "1", "00:01": "1", "00:02": "1"}
    assert shard.disk.unwritable == [f"{bad}: Is a directory"]
    assert len([record for record in caplog.records if str(bad) in record.getMessage()]) == 1
    assert not (shard.folder / PLAN).exists()

    bad.rmdir()
    shard.send("x", "y")
    shard.flush()
    assert shard.counts("x") == {"00:00": "1", "00:01": "1", "00:02": "1", "00:03": "1"}
    assert shard.disk.unwritable == []
    assert not (shard.folder / HELD).exists()


def test_a_folder_that_cannot_be_made_holds_back_its_own_process_only(shard: Shard) -> None:
    (shard.root / DAY).mkdir(parents=True)
    (shard.root / DAY / "worker").write_text("a file where a folder should be")
    shard.send("x", process="worker")
    shard.send("x")
    shard.flush()
    assert shard.counts("x") == {"00:00": "1"}
    assert shard.disk.unwritable == [f"{shard.root / DAY}/worker: Not a directory"]


def test_late_values_for_a_minute_that_is_held_are_merged_with_it(shard: Shard) -> None:
    bad = shard.root / DAY / "api/c_x.prt"
    bad.mkdir(parents=True)
    shard.send("x", value=5)
    shard.flush()
    shard.send("x", value=2, age=60)
    shard.flush()
    bad.rmdir()
    shard.send("x", value=1, age=120)
    shard.flush()
    assert shard.counts("x") == {"00:00": "8"}


def test_a_late_value_for_a_file_that_became_a_folder_stops_no_other(shard: Shard) -> None:
    bad = shard.root / DAY / "api/c_x.prt"
    shard.send("x", "y")
    shard.flush()
    bad.unlink()
    bad.mkdir()
    shard.send("x", "y", value=2, age=60)
    shard.send("y")
    shard.flush()
    assert shard.counts("y") == {"00:00": "3", "00:01": "1"}
    assert shard.disk.unwritable == [f"{bad}: Is a directory"]

    bad.rmdir()
    shard.flush()
    assert shard.counts("x") == {"00:00": "2"}
    assert shard.disk.unwritable == []


def unreadable(place: Path) -> None:
    """From now on reading the file is an input/output error, whoever asks."""
    place.rename(place.with_suffix(".aside"))
    place.symlink_to("/proc/self/mem")


def readable(place: Path) -> None:
    place.unlink()
    place.with_suffix(".aside").rename(place)


@pytest.mark.parametrize("known", [True, False], ids=["while it runs", "after a start"])
def test_late_values_for_a_file_that_cannot_be_read_for_a_moment_are_merged_later(
    shard: Shard, tmp_path: Path, known: bool
) -> None:
    shard.send("x", "y", value=5)
    shard.flush()
    if not known:
        shard = Shard(tmp_path, 1)
    bad = shard.root / DAY / "api/c_x.prt"
    unreadable(bad)
    shard.send("x", "y", value=2, age=60)
    shard.send("y")
    shard.end_minute()
    readable(bad)  # between the two looks that a flush takes at it
    shard.disk.complete()
    assert shard.counts("x") == {"00:00": "5"}
    assert shard.counts("y") == {"00:00": "7", "00:01": "1"}
    assert shard.disk.unwritable == [f"{bad}: Input/output error"]

    again = Shard(tmp_path, 2)
    again.flush()
    assert again.counts("x") == {"00:00": "7"}
    assert again.disk.unwritable == []
    assert not (again.folder / HELD).exists()


def test_a_plan_that_a_crash_has_left_holds_what_could_not_be_read(shard: Shard, tmp_path: Path) -> None:
    shard.send("x", value=5)
    shard.flush()
    bad = shard.root / DAY / "api/c_x.prt"
    unreadable(bad)
    shard.send("x", value=2, age=60)
    shard.end_minute()
    readable(bad)
    again = Shard(tmp_path, 2)  # what is left is the plan
    again.flush()
    assert again.counts("x") == {"00:00": "7"}


def test_a_disk_of_which_nearly_nothing_can_be_read_makes_the_flush_wait(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "MOST_HELD", 0)
    shard.send("x", value=5)
    shard.flush()
    bad = shard.root / DAY / "api/c_x.prt"
    unreadable(bad)
    shard.send("x", value=2, age=60)
    unit = shard.ended()
    with pytest.raises(StorageError):
        shard.disk.plan(unit)
    readable(bad)
    shard.disk.plan(unit)
    shard.disk.complete()
    assert shard.counts("x") == {"00:00": "7"}


def test_a_crash_between_plan_and_held_counts_nothing_twice(shard: Shard, tmp_path: Path) -> None:
    row = MinuteRow(1, "api", "c", "x", MIDNIGHT, Aggregate(5, 1, 5, 5, 5, 5, 5, 5))
    lines = list(of_rows([row]))
    plans.hold(shard.folder, Held(lines=lines))  # as of the plan before; the one below has taken it over
    plans.write(shard.folder, Plan(1, Writer(shard.root).merged(lines).lines, [], [], b"\x80"))
    Shard(tmp_path).disk.complete()
    again = Shard(tmp_path)
    again.send("x", value=2)
    again.flush()
    assert again.counts("x") == {"00:00": "7"}


def test_what_is_held_survives_a_restart(shard: Shard, tmp_path: Path) -> None:
    bad = [shard.root / DAY / "api/c_x.prt", shard.root / "1/current/api.cur", shard.root / "1/errors"]
    for path in bad:
        path.mkdir(parents=True)
    shard.send("x", "y", value=5)
    shard.flush()
    assert len(shard.disk.unwritable) == 3

    again = Shard(tmp_path)
    assert [state["stats"]["c"]["x"]["total"] for state in again.disk.read_states(1)] == [5]
    for path in bad:
        path.rmdir()
    again.disk.plan(Unit(9, [], [], []))
    again.disk.complete()
    assert again.counts("x") == {"00:00": "5"}
    state = cur.read(again.root, 1, "api")
    assert state is not None
    assert state["stats"]["c"]["y"]["total"] == 5
    assert eventlog.read(again.root, 1, "error") == EVENTS
    assert not (again.folder / HELD).exists()


def test_a_disk_on_which_nearly_nothing_can_be_written_makes_the_flush_wait(
    shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "MOST_HELD", 1)
    shard.send("z")
    shard.flush()
    bad = [shard.root / DAY / f"api/c_{name}.prt" for name in ("x", "y")]
    for path in bad:
        path.mkdir(parents=True)
    shard.send("x", "y")
    with pytest.raises(StorageError):
        shard.flush()
    assert (shard.folder / PLAN).exists()
    for path in bad:
        path.rmdir()
    shard.disk.complete()
    assert shard.counts("x") == shard.counts("y") == {"00:01": "1"}


def test_a_full_disk_makes_the_flush_wait_and_nothing_is_held(small_disk: Path) -> None:
    shard = Shard(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 44_000)
    shard.send(*(f"s{number}" for number in range(8)))
    with pytest.raises(StorageError) as caught:
        shard.flush()
    assert caught.value.full
    assert not (shard.folder / HELD).exists()
    ballast.unlink()
    shard.disk.complete()
    assert {path.name for path in (shard.root / DAY / "api").iterdir()} == {f"c_s{number}.prt" for number in range(8)}


def test_readyz_tells_that_a_file_cannot_be_written_and_the_log_which(tmp_path: Path) -> None:
    with one_process(tmp_path, small_disk=False) as scene:
        server = scene.server
        keys = server.new_account("alice@example.org")
        bad = server.data / "stats" / str(keys.account) / "errors"
        bad.mkdir(parents=True)
        event = {"lvl": "error", "msg": "boom"}
        assert server.commit(keys.key, body("api", partial("x", [1]), err=1, evt=[event])).status == 200
        scene.before_a_flush()
        # Among others: for a moment a clock that was set forward reads as a database that is silent.
        told = "Files that cannot be written: 1. What is meant for them is kept. The log names them."
        wait_for(lambda: told in server.request("GET", "/readyz").json["problems"], 75, "the flush to tell")
        assert f"{bad}: Is a directory" in server.log.read_text()
        assert [line[1] for line in server.lines(keys.account, "api", "c", "x")] == ["1"]
