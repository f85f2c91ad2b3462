"""What an account takes of the disk: counted as `du` counts, in a thread, and known for some minutes."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from stats import disk_meter
from stats.disk_meter import FRESH_SECONDS, DiskMeter
from stats.storage.disk_use import DiskUse, disk_use


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of account 1, and of a neighbour."""
    for name, size in (
        ("1/2026-W47_1/api/c_new.prt", 100),
        ("1/2026-W47_1/api/ms_query.prt", 70_000),
        ("1/current/api.cur", 5000),
        ("1/2026-W30_1.pack", 30_000),
        ("1/errors", 10),
        ("12/2026-W47_1/api/c_new.prt", 10_000_000),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    return tmp_path


def du(*paths: Path) -> int:
    """Bytes of the disk, as `du` counts them."""
    told = subprocess.run(["du", "-s", "-k", *paths], check=True, capture_output=True, text=True).stdout
    return 1024 * sum(int(line.split("\t")[0]) for line in told.splitlines())


def test_it_is_what_du_says(root: Path) -> None:
    account = root / "1"
    packed = du(account / "2026-W30_1.pack")
    own_folder = account.stat().st_blocks * 512
    assert disk_use(root, 1) == DiskUse(plain=du(account) - packed - own_folder, packed=packed)
    assert packed >= 30_000


def test_an_account_without_files_takes_nothing(root: Path) -> None:
    assert disk_use(root, 2) == DiskUse()


def test_a_link_is_not_followed(root: Path) -> None:
    before = disk_use(root, 1)
    (root / "1" / "link").symlink_to(root / "12")
    assert disk_use(root, 1).plain - before.plain < 10_000


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_it_is_counted_again_after_some_minutes(root: Path) -> None:
    clock = Clock()
    meter = DiskMeter(root, clock)
    first = await meter.of(1)
    assert first is not None
    assert (first.use, first.at) == (disk_use(root, 1), clock.now)
    (root / "1" / "more").write_bytes(b"x" * 100_000)
    clock.now += FRESH_SECONDS - 1
    assert await meter.of(1) == first
    clock.now += 1
    second = await meter.of(1)
    assert second is not None
    assert second.use.plain > first.use.plain


async def test_who_asks_does_not_wait_for_a_large_account(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_meter, "PATIENCE", 0.0)
    meter = DiskMeter(root)
    assert await meter.of(1) is None
    monkeypatch.undo()
    found = await meter.of(1)
    assert found is not None
    assert found.use == disk_use(root, 1)


async def test_accounts_are_counted_one_by_one_and_each_once(root: Path) -> None:
    meter = DiskMeter(root)
    found = await asyncio.gather(*(meter.of(account) for account in (1, 1, 12)))
    assert found[0] is not None
    assert found[0] is found[1]
    assert found[2] is not None
    assert found[2].use.plain > 10_000_000
