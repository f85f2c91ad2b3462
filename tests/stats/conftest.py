"""What several test files of the stats share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

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
