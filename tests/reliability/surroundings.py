"""What a server stands on and what can fail below it: its clock, its disk, its Redis."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests import redis_server
from tests.server import free_port, wait_for

DISK_MIB = 48


class ServerClock:
    """The wall clock that a server sees: ours and an offset, which libfaketime reads each second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = 0.0
        self.step(0)

    @property
    def environment(self) -> dict[str, str]:
        """Puts a process, and those it starts, under this clock. Time that only goes on is left as it is."""
        return {
            "LD_PRELOAD": str(_faketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def now(self) -> float:
        return time.time() + self._offset

    def step(self, seconds: float) -> None:
        """Sets the clock forward, or back."""
        self._offset += seconds
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{self._offset:+f}\n")
        unfinished.replace(self._file)

    def step_to_second(self, second: float) -> None:
        """Goes on to this second of a minute."""
        self.step((second - self.now()) % 60)


@cache
def no_clock() -> str:
    """Why the clock of a server cannot be set here; empty where it can."""
    library = _faketime()
    if library is None or not library.exists():
        return "clock steps need libfaketime: pip install libfaketime"
    with tempfile.TemporaryDirectory() as folder:
        clock = ServerClock(Path(folder) / "clock")
        clock.step(3600)
        command = [sys.executable, "-c", "import time; print(time.time())"]
        environment = {**os.environ, **clock.environment}
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    works = run.returncode == 0 and abs(float(run.stdout) - clock.now()) < 60
    return "" if works else f"libfaketime does not work here: {run.stderr.strip()[:200] or 'it changes no clock'}"


def _faketime() -> Path | None:
    package = find_spec("libfaketime")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


class SmallDisk:
    """A file system of `DISK_MIB` at `folder`, which can be filled and freed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        size = f"size={DISK_MIB}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True, capture_output=True)

    def fill(self, left: int) -> None:
        """Leaves no more than `left` bytes free."""
        with self._ballast.open("wb") as file:
            wait_for(lambda: self._takes_all_but(left, file.fileno()), 10, "the disk to be filled")

    def _takes_all_but(self, left: int, descriptor: int) -> bool:
        """Whether it worked: others write meanwhile, and what is free now may not be in a moment."""
        status = os.statvfs(self.folder)
        with contextlib.suppress(OSError):
            os.posix_fallocate(descriptor, 0, max(status.f_bavail * status.f_frsize - left, 1))
            return True
        return False

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        # Should a process of a failed round hold it still, it is gone when that ends.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@cache
def no_small_disk() -> str:
    """Why no small disk can be made here; empty where it can."""
    reason = "a full disk needs root: run the tests as root in a container that may mount"
    if os.geteuid() != 0:
        return reason
    with tempfile.TemporaryDirectory() as folder:
        try:
            SmallDisk(Path(folder) / "disk").close()
        except subprocess.CalledProcessError:
            return reason
    return ""


class Redis:
    """A Redis that can be killed and started again on its port, with nothing left of what it had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port(socket.SOCK_STREAM)
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process = redis_server.start(folder, self._port)

    @property
    def pid(self) -> int:
        return self._process.pid

    def restart_after_kill(self) -> None:
        self.kill()
        self._process = redis_server.start(self._folder, self._port)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        wait_for(lambda: self._process.poll() is not None, 10, "the killed Redis to be gone")
