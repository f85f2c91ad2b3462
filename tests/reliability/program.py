"""A program that is tracked: counts and fails with the Python client until SIGTERM, then prints what it has counted.

Its first line says that it may be asked to end."""

import dataclasses
import faulthandler
import json
import signal
import sys
import threading
import time

import dattss

from tests.reliability.ledger import Tally, tally

PATIENCE = 120.0  # seconds to deliver the last values
_PACE = threading.Event()  # never set, least of all by the signal: that may interrupt who holds the event's lock


def main(name: str) -> None:
    faulthandler.enable()  # SIGABRT ends it with the stacks of all threads
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    print("counting", flush=True)
    tracked = dattss.process(name, interval=0.5)
    counted, timed = Tally(), Tally()
    number = 0
    while not ended:
        tracked.agg("count", f"{number % 7 + 1}c")
        tracked.agg("time", f"{number % 13 + 0.5}ms")
        counted.add(tally([number % 7 + 1]))
        timed.add(tally([number % 13 + 0.5]))
        tracked.error("order %s failed", number)
        number += 1
        _PACE.wait(0.005)
    deadline = time.monotonic() + PATIENCE
    delivered = tracked.stop(5)
    while not delivered and time.monotonic() < deadline:
        _PACE.wait(0.2)
        delivered = tracked.stop(5)
    told = {"delivered": delivered, "c": dataclasses.asdict(counted), "ms": dataclasses.asdict(timed), "errors": number}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
