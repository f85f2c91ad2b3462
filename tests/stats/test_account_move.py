"""Accounts that move between shards while senders go on; everybody who takes part is killed on the way.

A move waits for the end of a minute, so all moves here wait for the same one.
"""

import random
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accounts.keytable import Place
from stats import moving_files
from stats.aggregation.delivered import Delivered
from stats.moving_files import NotNowError
from stats.storage import transfer
from stats.storage.transfer import Piece, TransferError, Wanted
from tests.fleet import Fleet
from tests.reliability.ledger import Audit, Ledger, audit_files, audit_live, tally
from tests.reliability.senders import Sender
from tests.server import ROOT, Keys, Server, wait_for
from tests.stats.commits import body, partial

MINUTE = 75.0
PACE = 0.05  # seconds between two commits of a sender: six of them send for more than a minute


class Command:
    """`manage.py account_move` to shard 1, beside everything else; begun again when it says so."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server = server
        self._line = [sys.executable, "manage.py", "account_move", str(keys.account), "1"]
        self._log = server.log.with_suffix(".move")
        self.begin()

    def begin(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._line, cwd=ROOT, env=self._server.environment, stdout=subprocess.DEVNULL, stderr=log
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def finish(self) -> None:
        wait_for(self._done, MINUTE + 40, "the move to be complete")

    def _done(self) -> bool:
        status = self._process.poll()
        if not status:
            return status == 0
        assert "run this again" in self._log.read_text()
        self.begin()
        return False


class Moving:
    """A fleet under load, one account of which moves from shard 0 to shard 1."""

    def __init__(self, folder: Path, *, shared: bool) -> None:
        self.fleet = Fleet(folder, shards=2, web=1, shared=shared, DATTSS_RATE_LIMIT="0").start()
        self.keys = self.fleet.account_on(0)
        self.first = body("api", partial("x", [1]), iid="first", seq=1, evt=[{"lvl": "warning", "msg": "before"}])
        assert self.fleet.shards[0].commit(self.keys.key, self.first).status == 200
        servers = (*self.fleet.shards, *self.fleet.web)
        self.senders = [
            Sender(server.port, self.keys, f"p{number}", twice=False, source=random.Random(number), pace=PACE)
            for number, server in enumerate(servers)
        ]
        for sender in self.senders:
            sender.start()
        self.wait_for_more()

    def wait_for_more(self) -> None:
        seen = [sender.ledger.commits for sender in self.senders]

        def more() -> bool:
            return all(one.ledger.commits > before + 5 for one, before in zip(self.senders, seen, strict=True))

        wait_for(more, 30, "commits by each process")

    def join(self) -> None:
        self.wait_for_more()
        for sender in self.senders:
            sender.finish()
        assert [sender.problem for sender in self.senders] == ["", "", ""]

    def end(self) -> None:
        for sender in self.senders:
            sender.abandon()
        self.fleet.end()

    def assert_all_is_with_the_new_owner(self) -> None:
        old, new = self.fleet.shards
        assert self.fleet.shard_of(self.keys) == 1
        # A repeat of what the old owner had taken is known to the new one.
        assert self.fleet.web[0].commit(self.keys.key, self.first).json == {"ok": True, "dup": True}
        ledger, audit = Ledger(), Audit()
        for sender in self.senders:
            ledger.add(sender.ledger)
        ledger.enter(("api", "c", "x"), tally([1]))
        audit_live(new, self.keys, ledger, audit)
        assert self.fleet.stop() == [0, 0, 0]
        audit_files(new.data, self.keys, ledger, audit)
        assert audit == Audit()
        warnings = (new.data / "stats" / str(self.keys.account) / "warnings").read_text()
        assert warnings.count('"before"') == 1
        if old.data != new.data:
            assert not (old.data / "stats" / str(self.keys.account)).exists()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[Moving]]:
    """Two fleets: one whose data servers share the folder of values, one whose have a folder each."""
    folders = {name: tmp_path / name for name in ("shared", "apart")}
    for folder in folders.values():
        folder.mkdir()
    with ThreadPoolExecutor() as threads:
        moving = list(threads.map(lambda name: Moving(folders[name], shared=name == "shared"), folders))
    yield moving
    for one in moving:
        one.end()


def test_accounts_move_under_load_and_everybody_may_be_killed(two: list[Moving]) -> None:
    apart = two[1]
    quiet, troubled = (Command(one.fleet.web[0], one.keys) for one in two)
    refused = {"nam": "api", "prt": {}}
    wait_for(lambda: apart.fleet.web[0].commit(apart.keys.key, refused).status == 503, 10, "the account to be closed")
    troubled.kill()  # while it waits for the minute's end
    apart.fleet.shards[0].kill()
    apart.fleet.shards[0].start()  # replays its journal, and is still the one that has the account
    troubled.begin()
    quiet.finish()  # that minute is over for both
    source, pause = random.Random(7), threading.Event()
    for _ in range(3):
        pause.wait(source.uniform(1.0, 2.0))  # somewhere in its copying
        troubled.kill()
        troubled.begin()
    apart.fleet.shards[1].kill()
    apart.fleet.shards[1].start()
    troubled.finish()
    for one in two:
        one.join()
        one.fleet.shards[0].kill()
        one.fleet.shards[0].start()  # has nothing of the account any more, in its journal and in memory
        one.assert_all_is_with_the_new_owner()


def test_what_cannot_be_moved_is_named(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.manage("migrate", "-v0")
    unknown = server.manage("account_move", "7", "0")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "CommandError: There is no account 7.")
    nowhere = server.manage("account_move", "0", "1")
    assert "SHARD must be from 0 to 0 (DATTSS_SHARDS), not 1." in nowhere.stderr


def test_of_two_states_of_an_instance_the_later_counts() -> None:
    """What was handed over may be read again after newer commits were taken."""
    old, new = Delivered(), Delivered()
    for number in (1, 2, 5):
        old.add(3, "a", number, 10.0)
    handed = old.dump_account(3)
    new.load(handed)
    new.add(3, "a", 4, 20.0)
    new.load(handed)
    assert [new.has(3, "a", number) for number in range(7)] == [False, True, True, False, True, True, False]
    new.drop(3)
    assert not new.has(3, "a", 1)


def test_a_file_travels_in_pieces_and_damage_is_noticed(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "7" / "2026-W40_1" / "api").mkdir(parents=True)
    content = bytes(range(256)) * 10
    (old / "7" / "2026-W40_1" / "api" / "c_x.prt").write_bytes(content)
    (old / "7" / "~draft").write_bytes(b"no")
    assert transfer.parts(old, 7) == ["2026-W40_1"]
    [(path, size)] = transfer.files(old, 7, "2026-W40_1")
    pieces = transfer.read(old, 7, [Wanted(path, 0, 1000), Wanted(path, 1000, size - 1000)])
    token = transfer.begin(new, 7)
    transfer.write(new, 7, token, pieces)
    arriving = transfer.arriving(new, 7, token)
    assert transfer.digest(arriving, "2026-W40_1") == transfer.digest(old / "7", "2026-W40_1")
    with pytest.raises(TransferError, match="damaged"):
        transfer.write(new, 7, token, [Piece(path, 0, b"other", pieces[0].crc)])
    transfer.finish(new, 7, token)
    assert (new / "7" / path).read_bytes() == content
    assert transfer.home(old) == transfer.home(old) != transfer.home(new)


@pytest.mark.parametrize("path", ["../8/x", "/etc/passwd", "a/../../8", "", "a//b", "."])
def test_no_path_leaves_the_account(tmp_path: Path, path: str) -> None:
    token = transfer.begin(tmp_path, 7)
    with pytest.raises(TransferError, match="no path inside"):
        transfer.write(tmp_path, 7, token, [Piece(path, 0, b"", 0)])


def test_of_two_who_bring_the_same_account_only_the_later_one_goes_on(tmp_path: Path) -> None:
    piece = Piece("2026-W40_1/api/c_x.prt", 0, b"all of it", zlib.crc32(b"all of it"))
    first, other = transfer.begin(tmp_path, 7), transfer.begin(tmp_path, 70)
    transfer.write(tmp_path, 7, first, [piece])
    second = transfer.begin(tmp_path, 7)
    for deed in (
        lambda: transfer.write(tmp_path, 7, first, [piece]),
        lambda: transfer.arriving(tmp_path, 7, first),
        lambda: transfer.finish(tmp_path, 7, first),
    ):
        with pytest.raises(TransferError, match="another run"):
            deed()
    transfer.write(tmp_path, 7, second, [piece])
    transfer.finish(tmp_path, 7, second)
    assert (tmp_path / "7" / piece.path).read_bytes() == piece.data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["7", transfer.arriving(tmp_path, 70, other).name]


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        (Place(1, moving=True), ["begin"]),
        (Place(1, moving=False), ["remove"]),  # while it moves the copy may be the one that has just arrived
        (None, []),
    ],
)
def test_files_arrive_while_an_account_moves_and_go_while_it_does_not(
    tmp_path: Path, place: Place | None, allowed: list[str]
) -> None:
    for deed in ("begin", "remove"):
        for owned in (False, True):
            if deed in allowed and not owned:
                moving_files.work(tmp_path, {"deed": deed, "account": 7}, owned, place)
                continue
            with pytest.raises(NotNowError):
                moving_files.work(tmp_path, {"deed": deed, "account": 7}, owned, place)
