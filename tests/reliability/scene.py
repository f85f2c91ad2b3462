"""Topologies: servers with all that is around them. A round takes one as a parameter."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.reliability.surroundings import Redis, ServerClock, SmallDisk, no_clock, no_small_disk
from tests.server import Server, wait_for


@dataclass
class Scene:
    """A running server, and what can be done to it where that is possible here: None where it is not."""

    server: Server
    clock: ServerClock | None
    disk: SmallDisk | None
    redis: Redis | None

    def worker(self) -> psutil.Process:
        """The Celery worker that runs beside the server."""
        children = psutil.Process(self.server.pid).children
        found = wait_for(lambda: [one for one in children() if _is_worker(one)], 20, "the Celery worker")
        return found[0]

    def keep(self) -> None:
        """Copies the data of a round that has failed from the small disk, which will be gone."""
        if self.disk is not None:
            folder = self.server.data
            shutil.copytree(folder, folder.with_name("data-of-the-failed-round"))

    def now(self) -> float:
        """Unix time as the server sees it, within a second."""
        return time.time() if self.clock is None else self.clock.now()

    def before_a_flush(self) -> None:
        """Brings the end of a minute near, where the clock can be set."""
        if self.clock is not None:
            self.clock.step_to_second(58)


Topology = Callable[[Path, bool], AbstractContextManager[Scene]]


@contextmanager
def one_process(folder: Path, always: bool = False, *, small_disk: bool = True) -> Iterator[Scene]:
    """All in one process, as on a laptop; `always`: each answer waits for the disk."""
    with _scene(folder, always, small_disk, None) as scene:
        yield scene


@contextmanager
def with_redis(folder: Path, always: bool = False, *, small_disk: bool = True) -> Iterator[Scene]:
    """Channel layer and Celery on Redis, worker and beat as processes of their own."""
    redis = Redis(folder)
    try:
        with _scene(folder, always, small_disk, redis) as scene:
            yield scene
    finally:
        redis.kill()


@contextmanager
def _scene(folder: Path, always: bool, small_disk: bool, redis: Redis | None) -> Iterator[Scene]:
    with ExitStack() as stack:
        clock = None if no_clock() else ServerClock(folder / "clock")
        disk = SmallDisk(folder / "data") if small_disk and not no_small_disk() else None
        if disk is not None:
            stack.callback(disk.close)
        if clock is not None:
            clock.step_to_second(45)
        environment = {
            "DATTSS_RATE_LIMIT": "0",
            "DATTSS_FSYNC": "always" if always else "interval",
            **({"REDIS_URL": redis.url} if redis else {}),
            **(clock.environment if clock else {}),
        }
        server = Server(folder / "data", **environment)
        stack.callback(server.dismiss_clerk)
        stack.callback(server.kill)
        server.start()
        scene = Scene(server, clock, disk, redis)
        try:
            yield scene
        except BaseException:
            scene.keep()
            raise


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "worker" in process.cmdline()
    except psutil.NoSuchProcess:
        return False
