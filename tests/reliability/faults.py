"""What can happen to a server: one function each. When it returns the server runs again, or is about to."""

import signal
import threading
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import psutil

from tests.reliability.scene import Scene
from tests.reliability.surroundings import no_clock, no_small_disk
from tests.server import wait_for

HOUR = 3600.0
_TIME = threading.Event()  # never set: a stall is nothing but time that passes


class Fault(NamedTuple):
    """`act` does it; `source` decides what is left open, `stall` is how long something stands still, in seconds."""

    name: str
    act: Callable[[Scene, Random, float], None]


def kill_server(scene: Scene, source: Random, stall: float) -> None:
    scene.server.kill()
    scene.server.start()


def kill_server_in_flush(scene: Scene, source: Random, stall: float) -> None:
    """The moments after a minute's end are those in which files are written."""
    scene.before_a_flush()
    _TIME.wait(2 + source.uniform(0, 2.5))
    kill_server(scene, source, stall)


def stop_server(scene: Scene, source: Random, stall: float) -> None:
    assert scene.server.stop() == 0
    scene.server.start()


def kill_worker(scene: Scene, source: Random, stall: float) -> None:
    """Nothing of it may stay behind, and a new one comes."""
    worker = scene.worker()
    pool = worker.children(recursive=True)
    worker.kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 10, "the killed worker to end")
    wait_for(lambda: not [one for one in pool if one.is_running()], 20, "the killed worker's pool to end")
    assert scene.worker().pid != worker.pid


def kill_redis(scene: Scene, source: Random, stall: float) -> None:
    if scene.redis is not None:
        scene.redis.restart_after_kill()


def stall_server(scene: Scene, source: Random, stall: float) -> None:
    _stall([psutil.Process(scene.server.pid)], stall)


def stall_worker(scene: Scene, source: Random, stall: float) -> None:
    worker = scene.worker()
    _stall([worker, *worker.children(recursive=True)], stall)


def stall_redis(scene: Scene, source: Random, stall: float) -> None:
    if scene.redis is not None:
        _stall([psutil.Process(scene.redis.pid)], stall)


def fill_disk(scene: Scene, source: Random, stall: float) -> None:
    """Over the end of a minute, with a little room left or none; sometimes the server is killed on top of it."""
    if scene.disk is None:
        return
    scene.before_a_flush()
    scene.disk.fill(source.choice([0, 1 << 16, 1 << 18, 1 << 20]))
    _TIME.wait(4 + source.uniform(0, 3))
    killed = source.random() < 0.3
    if killed:
        scene.server.kill()
    scene.disk.free()
    if killed:
        scene.server.start()


def clock_forward(scene: Scene, source: Random, stall: float) -> None:
    if scene.clock is not None:
        scene.clock.step(HOUR)


def clock_back(scene: Scene, source: Random, stall: float) -> None:
    if scene.clock is not None:
        scene.clock.step(-HOUR)


KILL_SERVER = Fault("kill -9 of the server", kill_server)
KILL_IN_FLUSH = Fault("kill -9 of the server while it flushes", kill_server_in_flush)
STOP_SERVER = Fault("SIGTERM of the server", stop_server)
KILL_WORKER = Fault("kill -9 of the Celery worker", kill_worker)
KILL_REDIS = Fault("kill -9 of Redis", kill_redis)
STALL_SERVER = Fault("stall of the server", stall_server)
STALL_WORKER = Fault("stall of the Celery worker", stall_worker)
STALL_REDIS = Fault("stall of Redis", stall_redis)
FULL_DISK = Fault("full disk", fill_disk)
CLOCK_FORWARD = Fault("clock an hour forward", clock_forward)
CLOCK_BACK = Fault("clock an hour back", clock_back)

ANYWHERE = (KILL_SERVER, KILL_IN_FLUSH, STOP_SERVER, STALL_SERVER)
OF_REDIS = (KILL_WORKER, KILL_REDIS, STALL_WORKER, STALL_REDIS)


def possible(*, redis: bool) -> list[Fault]:
    """Those that can be made here, in a topology with or without Redis."""
    steps = () if no_clock() else (CLOCK_FORWARD, CLOCK_BACK)
    disks = () if no_small_disk() else (FULL_DISK,)
    return [*ANYWHERE, *steps, *disks, *(OF_REDIS if redis else ())]


def _stall(processes: list[psutil.Process], seconds: float) -> None:
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        _TIME.wait(seconds)
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
