"""What several test files of the stats share."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from channels.layers import InMemoryChannelLayer

from stats import runtime
from stats.keyring import Keyring
from stats.selfwatch import SelfWatch
from stats.shard import Parts, Shard
from stats.storage.prt_writer import Writer


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system needs root: run the tests as root in a container that may mount")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    """One that writes below `tmp_path`."""
    return Writer(tmp_path)


class Clock:
    """Unix time that goes on when told."""

    now = 1_763_899_980.0  # the begin of a minute

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def shard(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shard]:
    """Shard 0 in this process; needs a database that threads share (`transaction=True`)."""
    keys = Keyring()
    await keys.start()
    parts = Parts(tmp_path / "stats", tmp_path / "journal", InMemoryChannelLayer(), False, 100, 0)
    shard = Shard(parts, keys, SelfWatch(), clock, clock)
    monkeypatch.setattr(runtime, "keys", keys)
    monkeypatch.setattr(runtime, "shard", shard)
    await shard.start()
    yield shard
    await shard.stop()
    keys.stop()
