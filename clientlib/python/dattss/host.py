"""`python -m dattss.host`: tracks the machine itself, as a process named `host`.

Gauges: `cpu` (per cent of all cores), `mem.used` (bytes), `mem.percent`, `load` (one minute's), and for each disk
`disk.MOUNT.used` (per cent). Counters: `net.in` and `net.out` (bytes, all interfaces but the loopback), and for each
disk `disk.MOUNT.read` and `disk.MOUNT.write` (bytes). MOUNT is the mount point as a name: `root`, `home`, `mnt_data`.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

import dattss
from dattss.configuration import DEFAULT_INTERVAL
from dattss.tracker import SilentProcess
from dattss.values import clean_name

try:
    import psutil
except ImportError as error:
    raise SystemExit("python -m dattss.host needs psutil: pip install 'dattss[host]'") from error

log = logging.getLogger("dattss.host")

Reading = Iterator[tuple[str, str]]  # stat names with values, as agg() takes them

_LOOPBACK = ("lo", "lo0", "Loopback Pseudo-Interface 1")
_MOST_DISKS = 32
_ROOM_FOR_A_MOUNT = 100  # characters, so that `disk.MOUNT.write` stays within the 128 of a name


def mount_names(mounts: list[str]) -> dict[str, str]:
    """A stat name's middle for each mount point, each a different one: `/` is `root`, `/mnt/data` is `mnt_data`."""
    names: dict[str, str] = {}
    for mount in mounts:
        plain = clean_name(mount.strip("/\\").replace("/", "_").replace(".", "_"), "root")[:_ROOM_FOR_A_MOUNT]
        name, number = plain, 1
        while name in names.values():
            number += 1
            name = f"{plain}-{number}"
        names[mount] = name
    return names


class Growth:
    """Counters of the machine, which only grow, as what they grew by."""

    def __init__(self) -> None:
        self._before: dict[str, int] = {}

    def since_last(self, stat: str, total: int) -> Reading:
        """Nothing for the first reading, and nothing when the machine's counter began anew."""
        before = self._before.get(stat, total)
        self._before[stat] = total
        if total > before:
            yield stat, f"{total - before}c"


class Machine:
    """Reads the machine's figures. `disks` maps mount points to their devices."""

    def __init__(self, disks: dict[str, str]) -> None:
        self._disks = disks
        self._names = mount_names(list(disks))
        self._growth = Growth()
        self._failed: set[str] = set()
        self._cpu_began = False

    def read(self) -> Reading:
        """All figures that can be read; what cannot be is logged once and left out."""
        sources: list[Callable[[], Reading]] = [self._cpu, self._memory, self._load, self._network, self._traffic]
        for source in sources:
            yield from self._guarded(source.__name__, source)
        for mount in self._disks:
            yield from self._guarded(f"disk {mount}", lambda mount=mount: self._space(mount))  # type: ignore[misc]

    def _guarded(self, what: str, source: Callable[[], Reading]) -> Reading:
        try:
            yield from list(source())
        except (OSError, RuntimeError, psutil.Error) as error:
            if what not in self._failed:
                self._failed.add(what)
                log.warning("cannot read %s: %s", what.strip("_"), error)

    def _cpu(self) -> Reading:
        percent = psutil.cpu_percent()  # since the last call: the first has nothing to compare with
        if self._cpu_began:
            yield "cpu", f"{percent:.1f}g"
        self._cpu_began = True

    def _memory(self) -> Reading:
        memory = psutil.virtual_memory()
        yield "mem.used", f"{memory.total - memory.available}g"
        yield "mem.percent", f"{memory.percent:.1f}g"

    def _load(self) -> Reading:
        yield "load", f"{psutil.getloadavg()[0]:.2f}g"

    def _network(self) -> Reading:
        cards = [card for name, card in psutil.net_io_counters(pernic=True).items() if name not in _LOOPBACK]
        yield from self._growth.since_last("net.in", sum(card.bytes_recv for card in cards))
        yield from self._growth.since_last("net.out", sum(card.bytes_sent for card in cards))

    def _traffic(self) -> Reading:
        devices = psutil.disk_io_counters(perdisk=True) or {}
        for mount, device in self._disks.items():
            counted = devices.get(os.path.basename(os.path.realpath(device)))
            if counted is not None:
                yield from self._growth.since_last(f"disk.{self._names[mount]}.read", counted.read_bytes)
                yield from self._growth.since_last(f"disk.{self._names[mount]}.write", counted.write_bytes)

    def _space(self, mount: str) -> Reading:
        yield f"disk.{self._names[mount]}.used", f"{psutil.disk_usage(mount).percent:.1f}g"


def find_disks() -> dict[str, str]:
    """Mount points with their devices: each device once, by its shortest mount point; no images, no single files."""
    found: dict[str, str] = {}
    for part in sorted(psutil.disk_partitions(all=False), key=lambda part: len(part.mountpoint)):
        if part.fstype in ("squashfs", "iso9660", "udf") or part.device in found.values():
            continue
        if os.path.isdir(part.mountpoint) and len(found) < _MOST_DISKS:
            found[part.mountpoint] = part.device
    # A container's root is often an overlay that is not listed, and is the disk that fills up.
    return found if "/" in found or os.name == "nt" else {"/": "overlay", **found}


def main(argv: list[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT. Exit status 2 when there is no key or no server's address."""
    options = _parse(argv)
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # Not an Event: a signal that interrupts who holds its lock, `wait` or another signal's `set`, would wait for ever.
    ending: queue.SimpleQueue[int] = queue.SimpleQueue()

    def end(number: int, _frame: FrameType | None) -> None:
        ending.put(number)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    dts = dattss.process(options.name, interval=options.interval)
    if isinstance(dts, SilentProcess):
        return 2  # the warning has said why
    _track(dts, Machine(find_disks()), options.interval, ending)
    dts.stop()
    return 0


def _track(dts: dattss.Process, machine: Machine, interval: float, ending: queue.SimpleQueue[int]) -> None:
    """One reading per commit: after the first, readings lie half an interval away from the commits."""
    due = time.monotonic() + interval / 2
    while True:
        for stat, value in machine.read():
            dts.agg(stat, value)
        with contextlib.suppress(queue.Empty):
            ending.get(timeout=max(due - time.monotonic(), 0.0))
            return
        due = max(due + interval, time.monotonic())


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m dattss.host",
        description="Tracks this machine: cpu, memory, load, disks, network. "
        "The key is taken from DATTSS_AUTH_KEY, the server's address from DATTSS_URL.",
    )
    parser.add_argument("--name", default="host", help="process name to report as (default: %(default)s)")
    parser.add_argument(
        "--interval", type=_seconds, default=DEFAULT_INTERVAL, help="seconds between readings (default: %(default)g)"
    )
    return parser.parse_args(argv)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.01 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("seconds from 0.01 to 3600")
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
