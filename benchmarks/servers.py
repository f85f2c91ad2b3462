"""Servers that are measured, each started on one processor."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import psutil

from benchmarks.child import ROOT, pinned
from tests.server import Keys, Server, free_port, wait_for

SERVER_CPU, LOAD_CPU = 0, 1
_SETTINGS = {"UDP_PORT": "0", "DATTSS_RATE_LIMIT": "0", "DATTSS_MAX_STATS": "1000000"}


@contextmanager
def dattss(cpu: int | None = SERVER_CPU) -> Iterator[tuple[Server, Keys]]:
    """`manage.py up` with an account."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        server = Server(Path(folder) / "data", **_SETTINGS).start()
        try:
            keys = server.new_account("bench@example.org")
            pin(server.pid, cpu)
            yield server, keys
        finally:
            server.kill()


def pin(pid: int, cpu: int | None) -> None:
    """Puts a process, its threads and its children on one processor."""
    if cpu is None or cpu not in os.sched_getaffinity(0):
        return
    subprocess.run(["taskset", "-acp", str(cpu), str(pid)], check=True, stdout=subprocess.DEVNULL)
    for one in psutil.Process(pid).children(recursive=True):
        one.cpu_affinity([cpu])


@contextmanager
def program(*command: str, environment: dict[str, str] | None = None, cpu: int | None = SERVER_CPU) -> Iterator[int]:
    """A server by its command, in which PORT stands for a free port. Gives that port once it is open."""
    port = free_port(socket.SOCK_STREAM)
    line = [word.replace("PORT", str(port)) for word in command]
    process = subprocess.Popen(pinned(line, cpu), cwd=ROOT, env={**os.environ, **(environment or {})})
    try:
        wait_for(lambda: _listens(port, process), 40, f"{line} to listen")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def bare_daphne(kind: Literal["daphne", "ours"]) -> Iterator[int]:
    """The bare application on Daphne as it comes, or as our server runs it."""
    with program(sys.executable, "-m", "benchmarks.bare_daphne", "PORT", kind) as port:
        yield port


@contextmanager
def uvicorn(application: str, **environment: str) -> Iterator[int]:
    """An application on uvicorn with its faster parts (httptools, uvloop)."""
    options = ["--port", "PORT", "--http", "httptools", "--loop", "uvloop", "--log-level", "warning", "--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", application, *options]
    with program(*command, environment=environment) as port:
        yield port


def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"{process.args!r} ended by itself")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Statsd(NamedTuple):
    """A running statsd: its UDP port and its process id."""

    port: int
    pid: int

    def lost(self) -> int:
        """Datagrams that the kernel dropped so far, because statsd did not read fast enough."""
        for fields in map(str.split, Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]):
            if fields[1].endswith(f":{self.port:04X}"):
                return int(fields[-1])
        raise RuntimeError(f"no socket on UDP port {self.port}")


@contextmanager
def statsd(folder: Path) -> Iterator[Statsd]:
    """Etsy's statsd with its plain settings and no backend."""
    port, management = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    (folder / "config.js").write_text(
        f"{{ port: {port}, mgmt_port: {management}, backends: [], address: '127.0.0.1' }}"
    )
    script = Path(__file__).parent / "node_modules" / "statsd" / "stats.js"
    with subprocess.Popen(["node", str(script), str(folder / "config.js")], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _open_port(management), 20, "statsd to listen")
            yield Statsd(port, process.pid)
        finally:
            process.terminate()


def _open_port(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
